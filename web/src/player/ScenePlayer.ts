// inlined: a worker from a blob takes the page's content policy, one from an address only what that answer's own header allows
import DrawWorker from './draw.worker.ts?worker&inline';
import type { FromWorker, ToWorker } from './messages';

export type Playable = { lottie: unknown; width: number; height: number };

/** Longer than any scene should need to load or draw (ms); then its worker is ended. */
const ANSWER_LIMIT_MS = 8000;
const LARGEST_SIDE = 1280;

/**
 * Shows frames of a scene in a canvas by the drawing worker. One frame is asked for at a time and only the newest wish is kept, so a slow
 * scene skips frames instead of falling behind.
 */
export class ScenePlayer {
  #canvas: HTMLCanvasElement;
  #onFailed: (reason: string) => void;
  #onPicture: (frame: number) => void;
  #worker: Worker | null = null;
  #id = 0;
  #scene: Playable | null = null;
  #asked = false;
  #wanted: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #box = { width: 640, height: 360 };

  constructor(
    canvas: HTMLCanvasElement,
    handlers: { onFailed: (reason: string) => void; onPicture: (frame: number) => void },
  ) {
    this.#canvas = canvas;
    this.#onFailed = handlers.onFailed;
    this.#onPicture = handlers.onPicture;
  }

  /** Load a scene and show it at `frame`; the canvas keeps its picture until then. */
  show(scene: Playable, frame: number): void {
    this.#scene = scene;
    this.#id += 1;
    this.#wanted = null;
    // a worker that has not answered for the scene before is still busy with it; its answer is dropped by its id
    this.#send({ type: 'load', id: this.#id, lottie: scene.lottie, frame, ...this.#pixels(scene) });
  }

  seek(frame: number): void {
    if (!this.#scene) return;
    if (this.#asked) {
      this.#wanted = frame;
      return;
    }
    this.#send({ type: 'frame', id: this.#id, frame });
  }

  /** Say how large the picture is on the page (device pixels). */
  resize(width: number, height: number): void {
    if (Math.abs(width - this.#box.width) < 2 && Math.abs(height - this.#box.height) < 2) return;
    this.#box = { width, height };
    if (this.#scene && this.#worker) {
      this.#send({ type: 'resize', id: this.#id, ...this.#pixels(this.#scene) });
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = null;
    this.#scene = null;
  }

  #pixels(scene: Playable): { width: number; height: number } {
    const scale = Math.min(
      this.#box.width / scene.width,
      this.#box.height / scene.height,
      LARGEST_SIDE / Math.max(scene.width, scene.height),
      1,
    );
    return {
      width: Math.max(2, Math.round(scene.width * scale)),
      height: Math.max(2, Math.round(scene.height * scale)),
    };
  }

  #send(message: ToWorker): void {
    this.#worker ??= this.#start();
    this.#asked = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail('timeout'), ANSWER_LIMIT_MS);
    this.#worker.postMessage(message);
  }

  #start(): Worker {
    const worker = new DrawWorker();
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#answered(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(event.message || 'worker');
    };
    return worker;
  }

  #answered(message: FromWorker): void {
    if (message.id !== this.#id) {
      if (message.type === 'picture') message.picture.close();
      return;
    }
    if (message.type === 'failed') {
      this.#fail(message.reason);
      return;
    }
    clearTimeout(this.#timer);
    this.#asked = false;
    const { picture } = message;
    this.#canvas.width = picture.width;
    this.#canvas.height = picture.height;
    this.#canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(picture);
    this.#onPicture(message.frame);
    const next = this.#wanted;
    this.#wanted = null;
    if (next !== null && next !== message.frame) this.seek(next);
  }

  /** A crashed or silent worker is of no more use: the next scene gets a new one. */
  #fail(reason: string): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = null;
    this.#asked = false;
    this.#scene = null;
    this.#onFailed(reason);
  }
}
