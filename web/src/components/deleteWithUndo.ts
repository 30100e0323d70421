import { say } from '../say';

export const UNDO_MS = 7000;

/**
 * Delete with a way back: `hide` takes it out of sight at once, `commit` deletes it when the time for undo is over or the page is left,
 * `restore` brings it back.
 */
export function deleteWithUndo(
  message: string,
  actions: { hide: () => void; restore: () => void; commit: (leaving: boolean) => void },
) {
  let open = true;
  const finish = (leaving: boolean) => {
    if (!open) return;
    open = false;
    window.removeEventListener('pagehide', onLeave);
    clearTimeout(timer);
    actions.commit(leaving);
  };
  const onLeave = () => finish(true);
  const timer = setTimeout(() => finish(false), UNDO_MS);
  window.addEventListener('pagehide', onLeave);
  actions.hide();
  say.undoable(
    message,
    () => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      window.removeEventListener('pagehide', onLeave);
      actions.restore();
    },
    UNDO_MS,
  );
}
