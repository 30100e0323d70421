import { useEffect, useState } from 'react';
import { render } from '../../api/endpoints';
import { ApiError } from '../../api/errors';
import type { Snapshot } from '../../api/types';
import type { EditorStore } from '../../editor/store';
import { useWorkbench } from './context';
import { previewRequest } from './preview';

const SETTLE_MS = 350;
const ASK_EVERY_MS = 700;
const LONGEST_MS = 60_000;
const WIDTH = 960;

/** One frame drawn by the farm, where the browser cannot draw the scene; the last picture stays until the next is there. */
export function useServerPicture(
  wish: { editor: EditorStore; enabled: boolean; frame: number },
  sceneHash: string | null,
): { url: string | null; error: unknown } {
  const { documentId } = useWorkbench();
  const [state, setState] = useState<{ url: string | null; error: unknown }>({ url: null, error: null });
  const { editor, enabled, frame } = wish;
  useEffect(() => {
    if (!enabled || sceneHash === null) return;
    const stop = new AbortController();
    const ask = async () => {
      const { film, selected } = editor.getState();
      const request = previewRequest(film, selected);
      if (!request) return;
      const scene = { ...request };
      delete scene.max_width;
      const started = Date.now();
      let snapshot: Snapshot = await render.snapshot(
        { ...scene, saved_project_id: documentId, frame, width: WIDTH },
        stop.signal,
      );
      while (!snapshot.image_url && !snapshot.error_code && Date.now() - started < LONGEST_MS) {
        await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
        if (stop.signal.aborted) return;
        snapshot = await render.snapshotOne(snapshot.id, stop.signal);
      }
      if (!snapshot.image_url) {
        throw new ApiError(504, { code: snapshot.error_code ?? 'web.timeout' });
      }
      setState({ url: snapshot.image_url, error: null });
    };
    const timer = setTimeout(() => {
      ask().catch((error: unknown) => {
        if (!stop.signal.aborted) setState((old) => ({ url: old.url, error }));
      });
    }, SETTLE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [editor, enabled, frame, sceneHash, documentId]);
  return state;
}
