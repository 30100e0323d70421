import { beforeEach, describe, expect, it } from 'vitest';
import { createEditorStore, redo, undo, HISTORY_LIMIT, type EditorStore } from '../../src/editor/store';
import { bodyFrom, filmFrom, sameFilm, type Film } from '../../src/editor/film';
import { savedProject } from './fixtures';

function keys(store: EditorStore): string[] {
  return store.getState().film.scenes.map(({ scene_key, values }) => {
    return `${scene_key}:${typeof values.headline === 'string' ? values.headline : ''}`;
  });
}

describe('the editor store', () => {
  let store: EditorStore;
  let film: Film;
  let time = 0;
  const uid = (index: number) => store.getState().film.scenes[index]?.uid ?? '';

  beforeEach(() => {
    time = 0;
    film = filmFrom(savedProject()).film;
    store = createEditorStore(film, () => time);
  });

  it('duplicates a scene behind itself, moves it, and undoes and redoes both', () => {
    store.getState().setValue(uid(0), 'headline', 'سلام', 'تیتر');
    store.getState().duplicateScene(uid(0), 'شروع');
    expect(keys(store)).toEqual(['opening:سلام', 'opening:سلام', 'feature:', 'closing:']);
    store.getState().moveScene(uid(1), 3, 'شروع');
    expect(keys(store)).toEqual(['opening:سلام', 'feature:', 'closing:', 'opening:سلام']);
    undo(store);
    undo(store);
    expect(keys(store)).toEqual(['opening:سلام', 'feature:', 'closing:']);
    redo(store);
    redo(store);
    expect(keys(store)).toEqual(['opening:سلام', 'feature:', 'closing:', 'opening:سلام']);
  });

  it('gives a copy its own values', () => {
    store.getState().duplicateScene(uid(0), '');
    store.getState().setValue(uid(1), 'headline', 'دومی', '');
    expect(keys(store).slice(0, 2)).toEqual(['opening:', 'opening:دومی']);
    expect(uid(0)).not.toEqual(uid(1));
  });

  it('makes one step of quick typing in one field, and two of two fields or of a pause', () => {
    const past = () => store.temporal.getState().pastStates.length;
    for (const text of ['س', 'سل', 'سلا', 'سلام']) {
      store.getState().setValue(uid(0), 'headline', text, 'تیتر');
      time += 100;
    }
    expect(past()).toBe(1);
    store.getState().setValue(uid(0), 'sub', 'x', 'زیرتیتر');
    expect(past()).toBe(2);
    time += 5000;
    store.getState().setValue(uid(0), 'sub', 'xy', 'زیرتیتر');
    expect(past()).toBe(3);
    undo(store);
    undo(store);
    undo(store);
    expect(store.getState().film).toBe(film);
  });

  it('names the step that undo would take back', () => {
    store.getState().setValue(uid(0), 'headline', 'سلام', 'تیتر');
    store.getState().setColor('primary', '#112233', 'رنگ اصلی');
    expect(store.getState().step).toEqual({ key: 'step.color', label: 'رنگ اصلی' });
    undo(store);
    expect(store.getState().step).toEqual({ key: 'step.field', label: 'تیتر' });
    expect(store.temporal.getState().futureStates.at(-1)?.step).toEqual({ key: 'step.color', label: 'رنگ اصلی' });
  });

  it('keeps the selection out of the history and on a scene that exists', () => {
    store.getState().select(uid(2));
    expect(store.temporal.getState().pastStates).toHaveLength(0);
    store.getState().removeScene(uid(2), '');
    expect(store.getState().selected).toBe(uid(1));
    store.getState().duplicateScene(uid(1), '');
    undo(store);
    expect(store.getState().film.scenes.some((scene) => scene.uid === store.getState().selected)).toBe(true);
  });

  it('does not remove the last scene and does not move beyond the ends', () => {
    store.getState().removeScene(uid(0), '');
    store.getState().removeScene(uid(0), '');
    store.getState().removeScene(uid(0), '');
    expect(store.getState().film.scenes).toHaveLength(1);
    const before = store.getState().film;
    store.getState().moveScene(uid(0), -1, '');
    expect(store.getState().film).toBe(before);
  });

  it(`keeps ${HISTORY_LIMIT} steps`, () => {
    for (let index = 0; index < HISTORY_LIMIT + 20; index += 1) store.getState().setSize(`size-${index}`);
    expect(store.temporal.getState().pastStates).toHaveLength(HISTORY_LIMIT);
  });

  it('forgets the history when it takes the server’s document', () => {
    store.getState().setTitle('x');
    store.getState().replace(filmFrom(savedProject()).film);
    expect(store.temporal.getState().pastStates).toHaveLength(0);
    expect(store.getState().film.title).toBe('معرفی');
  });
});

describe('the document', () => {
  it('goes back with the ids of the scenes that the server knows and null for new ones', () => {
    const { film, ids } = filmFrom(savedProject());
    const store = createEditorStore(film);
    store.getState().duplicateScene(film.scenes[1]?.uid ?? '', '');
    const body = bodyFrom(store.getState().film, ids);
    expect(body.scenes.map((scene) => scene.id)).toEqual(['scene-1', 'scene-2', null, 'scene-3']);
    expect(Object.keys(body)).not.toContain('row_version');
  });

  it('is the same film when only key order and ids differ', () => {
    const saved = savedProject();
    const other = { ...saved, palette: { accent: '#ff0000', primary: '#000000' } };
    const a = filmFrom({ ...saved, palette: { primary: '#000000', accent: '#ff0000' } }).film;
    expect(sameFilm(a, filmFrom(other).film)).toBe(true);
    expect(sameFilm(a, { ...a, title: 'دیگر' })).toBe(false);
  });
});
