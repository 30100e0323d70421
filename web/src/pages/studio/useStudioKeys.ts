import { useEffect } from 'react';
import { canRemove, sceneOf } from '../../editor/film';
import { redo, undo } from '../../editor/store';
import { localized, useI18n } from '../../i18n';
import { isTyping } from '../../keys';
import type { Workbench } from './context';
import { removeScene } from './removeScene';

/** The studio's shortcuts for editing, by physical key (`event.code`), so that they work on a Persian keyboard. */
export function useStudioKeys(bench: Workbench | null): void {
  const { locale } = useI18n();
  useEffect(() => {
    if (!bench) return;
    const { editor, autosave, project } = bench;
    const selectedScene = () => {
      const { film, selected } = editor.getState();
      const at = film.scenes.findIndex((scene) => scene.uid === selected);
      const scene = film.scenes[at];
      const definition = scene && sceneOf(project, scene.scene_key);
      return { at, scene, definition, label: localized(definition?.title, locale) };
    };
    const onKey = (event: KeyboardEvent) => {
      const command = event.ctrlKey || event.metaKey;
      if (command && event.code === 'KeyS') {
        event.preventDefault();
        void autosave.flush();
        return;
      }
      if (command && (event.code === 'KeyZ' || event.code === 'KeyY')) {
        // also inside text fields: the document's history holds the typing, the browser's own would fight it
        event.preventDefault();
        if (event.code === 'KeyY' || event.shiftKey) redo(editor);
        else undo(editor);
        return;
      }
      if (event.altKey && (event.code === 'ArrowUp' || event.code === 'ArrowDown')) {
        const { at, scene, label } = selectedScene();
        if (!scene) return;
        event.preventDefault();
        editor.getState().moveScene(scene.uid, at + (event.code === 'ArrowUp' ? -1 : 1), label);
        return;
      }
      if (isTyping(event)) return;
      if (command && event.code === 'KeyD') {
        const { scene, definition, label } = selectedScene();
        event.preventDefault();
        if (scene && definition?.can_repeat) editor.getState().duplicateScene(scene.uid, label);
        return;
      }
      if (event.code === 'Delete' && (event.target as Element | null)?.closest('[data-scene-strip]')) {
        const { scene, label } = selectedScene();
        if (scene && canRemove(project, editor.getState().film, scene.uid)) {
          event.preventDefault();
          removeScene(bench, scene.uid, label);
        }
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [bench, locale]);
}
