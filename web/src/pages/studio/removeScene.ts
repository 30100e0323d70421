import { undo } from '../../editor/store';
import { i18n } from '../../i18n';
import { say } from '../../say';
import type { Workbench } from './context';

/** Remove a scene and offer the way back; after further changes that way is the undo button. */
export function removeScene({ editor }: Pick<Workbench, 'editor'>, uid: string, title: string): void {
  editor.getState().removeScene(uid, title);
  const removed = editor.getState().film;
  say.undoable(i18n.t('studio.sceneRemoved', { title }), () => {
    if (editor.getState().film === removed) undo(editor);
    else say.warn(i18n.t('studio.undoLater'));
  });
}
