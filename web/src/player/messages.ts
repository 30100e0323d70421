/** What the page and the drawing worker say to each other. `id` counts the loaded scenes: answers for an older one are dropped. */
export type ToWorker =
  | { type: 'load'; id: number; lottie: unknown; frame: number; width: number; height: number }
  | { type: 'frame'; id: number; frame: number }
  | { type: 'resize'; id: number; width: number; height: number };

export type FromWorker =
  { type: 'picture'; id: number; frame: number; picture: ImageBitmap } | { type: 'failed'; id: number; reason: string };
