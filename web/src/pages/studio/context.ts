import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { Project } from '../../api/types';
import type { Autosave, SaveStatus } from '../../editor/autosave';
import type { FilmScene } from '../../editor/film';
import type { EditorState, EditorStore } from '../../editor/store';
import type { StoreApi } from 'zustand/vanilla';
import type { PreviewState } from './preview';

/** What every part of the studio works on. */
export type Workbench = {
  documentId: string;
  project: Project;
  editor: EditorStore;
  autosave: Autosave;
  saving: StoreApi<SaveStatus>;
  preview: StoreApi<PreviewState>;
};

export const WorkbenchContext = createContext<Workbench | null>(null);

export function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext);
  if (!workbench) throw new Error('The studio’s parts need its workbench around them.');
  return workbench;
}

export function useEditor<T>(pick: (state: EditorState) => T): T {
  return useStore(useWorkbench().editor, pick);
}

export function useSelectedScene(): FilmScene | undefined {
  return useEditor((state) => state.film.scenes.find((scene) => scene.uid === state.selected));
}
