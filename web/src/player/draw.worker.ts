import { DotLottie, type Config } from '@lottiefiles/dotlottie-web';
import wasmUrl from '@lottiefiles/dotlottie-web/dotlottie-player.wasm?url';
import type { FromWorker, ToWorker } from './messages';

/**
 * Draws frames of one resolved scene with ThorVG, away from the page's own thread, and hands each over as a bitmap: the page keeps its
 * last picture until the next one is whole, and can end this worker when a scene never comes back.
 */
DotLottie.setWasmUrl(new URL(wasmUrl, self.location.origin).href);

const surface = new OffscreenCanvas(2, 2);
let player: DotLottie | null = null;
let current = -1;
let frame = 0;
let loaded = false;
let ready = false;

const SETTINGS = {
  autoplay: false,
  loop: false,
  useFrameInterpolation: false,
  renderConfig: { autoResize: false, freezeOnOffscreen: false, devicePixelRatio: 1 },
  layout: { fit: 'contain', align: [0.5, 0.5] },
} satisfies Partial<Config>;

function answer(message: FromWorker, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}

function failed(reason: string): void {
  answer({ type: 'failed', id: current, reason });
}

function draw(): void {
  if (!player || !loaded) return;
  player.setFrame(Math.min(frame, Math.max(0, player.totalFrames - 0.001)));
  const picture = surface.transferToImageBitmap();
  answer({ type: 'picture', id: current, frame, picture }, [picture]);
}

/** The first scene may come before the player's WebAssembly: until it is ready, loading would be ignored. */
let waiting: unknown = null;

function load(lottie: unknown): void {
  player ??= begin();
  if (ready) player.load({ ...SETTINGS, data: lottie as Record<string, unknown> });
  else waiting = lottie;
}

function begin(): DotLottie {
  const made = new DotLottie({ ...SETTINGS, canvas: surface });
  made.addEventListener('ready', () => {
    ready = true;
    if (waiting !== null) load(waiting);
    waiting = null;
  });
  made.addEventListener('load', () => {
    loaded = true;
    draw();
  });
  made.addEventListener('loadError', (event) => failed(event.error.message));
  return made;
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  try {
    if (data.type === 'load') {
      current = data.id;
      frame = data.frame;
      loaded = false;
      surface.width = data.width;
      surface.height = data.height;
      load(data.lottie);
    } else if (data.id !== current) {
      return;
    } else if (data.type === 'frame') {
      frame = data.frame;
      draw();
    } else {
      surface.width = data.width;
      surface.height = data.height;
      player?.resize();
      draw();
    }
  } catch (error) {
    failed(error instanceof Error ? error.message : String(error));
  }
};
