import { createStore, type StoreApi } from 'zustand/vanilla';
import { studio } from '../../api/endpoints';
import type { PreviewRequest, ResolvedScene } from '../../api/types';
import type { Film } from '../../editor/film';
import type { EditorStore } from '../../editor/store';

export const PREVIEW_DEBOUNCE_MS = 150;
const MAX_WIDTH = 1280;
const KEEP = 24;

export type PreviewState = {
  /** The scene that was resolved last; stays until the next one is there. */
  scene: ResolvedScene | null;
  /** The uid of the film's scene that `scene` belongs to. */
  uid: string | null;
  busy: boolean;
  error: unknown;
  /** Keystroke → resolved scene of the last request (ms). */
  tookMs: number | null;
};

/** What the selected scene looks like to the server, without saving anything. */
export function previewRequest(film: Film, uid: string): PreviewRequest | null {
  const scene = film.scenes.find((item) => item.uid === uid);
  if (!scene) return null;
  return {
    scene: {
      scene_key: scene.scene_key,
      values: scene.values,
      colors: scene.colors,
      ...(scene.duration_frames === null ? {} : { duration_frames: scene.duration_frames }),
    },
    palette: film.palette,
    global_values: film.global_values,
    locale: film.locale,
    size: film.size,
    max_width: MAX_WIDTH,
  };
}

/** Follow the editor: resolve the selected scene a moment after each change, the newest wish only; returns how to stop. */
export function followEditor(
  documentId: string,
  editor: EditorStore,
): { store: StoreApi<PreviewState>; refresh: () => void; stop: () => void } {
  const store = createStore<PreviewState>()(() => ({ scene: null, uid: null, busy: true, error: null, tookMs: null }));
  const known = new Map<string, ResolvedScene>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: AbortController | null = null;
  let wanted = '';

  const take = (key: string, uid: string, scene: ResolvedScene, tookMs: number | null) => {
    known.delete(key);
    known.set(key, scene);
    for (const oldest of known.keys()) {
      if (known.size <= KEEP) break;
      known.delete(oldest);
    }
    store.setState({ scene, uid, busy: false, error: null, tookMs });
  };

  const run = async (request: PreviewRequest, key: string, uid: string, since: number) => {
    running?.abort();
    const control = new AbortController();
    running = control;
    try {
      const scene = await studio.preview(documentId, request, control.signal);
      if (!control.signal.aborted) take(key, uid, scene, performance.now() - since);
    } catch (error) {
      if (!control.signal.aborted) store.setState({ busy: false, error });
    }
  };

  const look = (force = false) => {
    const { film, selected } = editor.getState();
    const request = previewRequest(film, selected);
    if (!request) return;
    const key = JSON.stringify(request);
    if (!force && key === wanted && store.getState().uid === selected) return;
    const sameScene = store.getState().uid === selected;
    wanted = key;
    clearTimeout(timer);
    const cached = known.get(key);
    if (cached) {
      running?.abort();
      take(key, selected, cached, null);
      return;
    }
    store.setState({ busy: true, error: null });
    const since = performance.now();
    timer = setTimeout(() => void run(request, key, selected, since), sameScene ? PREVIEW_DEBOUNCE_MS : 0);
  };

  look(true);
  const unsubscribe = editor.subscribe(() => look());
  return {
    store,
    refresh: () => look(true),
    stop: () => {
      unsubscribe();
      clearTimeout(timer);
      running?.abort();
    },
  };
}
