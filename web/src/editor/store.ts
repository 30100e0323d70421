import { temporal, type TemporalState } from 'zundo';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Audio, Colors, FieldValue, SceneTransition } from '../api/types';
import { newUid, type Film, type FilmScene } from './film';

/** What a change is called in the undo and redo buttons; `key` is a translation key. */
export type Step = {
  key:
    | 'step.title'
    | 'step.field'
    | 'step.color'
    | 'step.preset'
    | 'step.addScene'
    | 'step.removeScene'
    | 'step.duplicateScene'
    | 'step.moveScene'
    | 'step.audio'
    | 'step.transition'
    | 'step.size'
    | 'step.locale';
  label?: string;
};

export const HISTORY_LIMIT = 100;
/** Changes to one field closer together than this (ms) are one step. */
const SAME_STEP_MS = 1200;

type Tracked = { film: Film; step: Step | null };

export type EditorState = Tracked & {
  selected: string;
  select: (uid: string) => void;
  setTitle: (title: string) => void;
  setSize: (size: string) => void;
  setLocale: (locale: string) => void;
  setValue: (uid: string, key: string, value: FieldValue, label: string) => void;
  setGlobalValue: (key: string, value: FieldValue, label: string) => void;
  /** With null the slot has no colour of the film's own: it follows, or is the template's. */
  setColor: (slot: string, color: string | null, label: string) => void;
  setSceneColor: (uid: string, slot: string, color: string | null, label: string) => void;
  applyPreset: (colors: Colors, label: string) => void;
  setAudio: (change: Partial<Audio>, label: string) => void;
  addScene: (scene: Omit<FilmScene, 'uid'>, label: string) => void;
  duplicateScene: (uid: string, label: string) => void;
  removeScene: (uid: string, label: string) => void;
  /** How a scene gives way to the next; null is a cut. */
  setTransition: (uid: string, transition: SceneTransition | null, label: string) => void;
  moveScene: (uid: string, to: number, label: string) => void;
  /** Ends the step that is being typed, so that the next change is one of its own. */
  endStep: () => void;
  /** Takes another document (the server's) and forgets the history. */
  replace: (film: Film) => void;
};

export type EditorStore = StoreApi<EditorState> & { temporal: StoreApi<TemporalState<Tracked>> };

export function createEditorStore(initial: Film, now: () => number = Date.now): EditorStore {
  let lastKey: string | null = null;
  let lastAt = 0;

  const store: EditorStore = createStore<EditorState>()(
    temporal(
      (set, get) => {
        const change = (step: Step, film: Film, options: { together?: string; selected?: string } = {}) => {
          const time = now();
          const goesOn = options.together !== undefined && options.together === lastKey && time - lastAt < SAME_STEP_MS;
          lastKey = options.together ?? null;
          lastAt = time;
          const history = store.temporal.getState();
          if (goesOn) history.pause();
          set({ film, step, selected: options.selected ?? get().selected });
          if (goesOn) history.resume();
        };
        const changeScene = (uid: string, edit: (scene: FilmScene) => FilmScene): Film => {
          const { film } = get();
          return { ...film, scenes: film.scenes.map((scene) => (scene.uid === uid ? edit(scene) : scene)) };
        };
        return {
          film: initial,
          step: null,
          selected: initial.scenes[0]?.uid ?? '',
          select: (uid) => {
            lastKey = null;
            set({ selected: uid });
          },
          setTitle: (title) => change({ key: 'step.title' }, { ...get().film, title }, { together: 'title' }),
          setSize: (size) => change({ key: 'step.size' }, { ...get().film, size }),
          setLocale: (locale) => change({ key: 'step.locale' }, { ...get().film, locale }),
          setValue: (uid, key, value, label) =>
            change(
              { key: 'step.field', label },
              changeScene(uid, (scene) => ({ ...scene, values: { ...scene.values, [key]: value } })),
              { together: `value ${uid} ${key}` },
            ),
          setGlobalValue: (key, value, label) => {
            const { film } = get();
            change(
              { key: 'step.field', label },
              { ...film, global_values: { ...film.global_values, [key]: value } },
              { together: `global ${key}` },
            );
          },
          setColor: (slot, color, label) => {
            const { film } = get();
            const others = Object.fromEntries(Object.entries(film.palette).filter(([key]) => key !== slot));
            change(
              { key: 'step.color', label },
              { ...film, palette: color === null ? others : { ...film.palette, [slot]: color } },
              { together: `color ${slot}` },
            );
          },
          setSceneColor: (uid, slot, color, label) =>
            change(
              { key: 'step.color', label },
              changeScene(uid, (scene) => {
                const colors = Object.fromEntries(Object.entries(scene.colors).filter(([key]) => key !== slot));
                return { ...scene, colors: color === null ? colors : { ...colors, [slot]: color } };
              }),
              { together: `color ${uid} ${slot}` },
            ),
          applyPreset: (colors, label) => change({ key: 'step.preset', label }, { ...get().film, palette: colors }),
          setAudio: (audio, label) => {
            const { film } = get();
            change(
              { key: 'step.audio', label },
              { ...film, audio: { ...film.audio, ...audio } },
              { together: `audio ${Object.keys(audio).join()}` },
            );
          },
          addScene: (scene, label) => {
            const { film, selected } = get();
            const uid = newUid();
            const after = film.scenes.findIndex((other) => other.uid === selected);
            const at = after < 0 ? film.scenes.length : after + 1;
            change(
              { key: 'step.addScene', label },
              { ...film, scenes: film.scenes.toSpliced(at, 0, { ...scene, uid }) },
              { selected: uid },
            );
          },
          duplicateScene: (uid, label) => {
            const { film } = get();
            const at = film.scenes.findIndex((scene) => scene.uid === uid);
            const source = film.scenes[at];
            if (!source) return;
            const copy = { ...source, values: { ...source.values }, colors: { ...source.colors }, uid: newUid() };
            change(
              { key: 'step.duplicateScene', label },
              { ...film, scenes: film.scenes.toSpliced(at + 1, 0, copy) },
              { selected: copy.uid },
            );
          },
          removeScene: (uid, label) => {
            const { film, selected } = get();
            const at = film.scenes.findIndex((scene) => scene.uid === uid);
            if (at < 0 || film.scenes.length < 2) return;
            const scenes = film.scenes.toSpliced(at, 1);
            const next = selected === uid ? scenes[Math.min(at, scenes.length - 1)]?.uid : selected;
            change({ key: 'step.removeScene', label }, { ...film, scenes }, { selected: next });
          },
          moveScene: (uid, to, label) => {
            const { film } = get();
            const at = film.scenes.findIndex((scene) => scene.uid === uid);
            const moving = film.scenes[at];
            const target = Math.max(0, Math.min(film.scenes.length - 1, to));
            if (!moving || target === at) return;
            change(
              { key: 'step.moveScene', label },
              { ...film, scenes: film.scenes.toSpliced(at, 1).toSpliced(target, 0, moving) },
              { selected: uid },
            );
          },
          setTransition: (uid, transition, label) =>
            change(
              { key: 'step.transition', label },
              changeScene(uid, (scene) => ({ ...scene, transition })),
              { together: `transition ${uid}` },
            ),
          endStep: () => {
            lastKey = null;
          },
          replace: (film) => {
            lastKey = null;
            const history = store.temporal.getState();
            history.pause();
            set({ film, step: null, selected: film.scenes[0]?.uid ?? '' });
            history.resume();
            history.clear();
          },
        };
      },
      {
        limit: HISTORY_LIMIT,
        partialize: ({ film, step }): Tracked => ({ film, step }),
        equality: (past, current) => past.film === current.film,
      },
    ),
  );

  // after undo or redo the selected scene may be gone: its neighbour takes its place
  store.subscribe((state, before) => {
    if (state.film.scenes.some((scene) => scene.uid === state.selected)) return;
    const was = before.film.scenes.findIndex((scene) => scene.uid === state.selected);
    store.setState({ selected: state.film.scenes[Math.max(0, was - 1)]?.uid ?? '' });
  });
  return store;
}

export function undo(store: EditorStore): void {
  store.getState().endStep();
  store.temporal.getState().undo();
}

export function redo(store: EditorStore): void {
  store.getState().endStep();
  store.temporal.getState().redo();
}
