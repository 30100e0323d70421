import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../src/api/errors';
import type { SavedProject } from '../../src/api/types';
import { Autosave, AUTOSAVE_DELAY_MS, browserShelf, type SaveState } from '../../src/editor/autosave';
import { filmFrom, newUid, type Film, type SceneIds } from '../../src/editor/film';
import { savedProject } from './fixtures';

type Call = { film: Film; ids: SceneIds; rowVersion: number; keepalive: boolean };

describe('autosave', () => {
  let calls: Call[];
  let answer: (call: Call) => Promise<SavedProject>;
  let states: SaveState[];
  let changes: number;
  const { film, ids } = filmFrom(savedProject());
  const shelf = browserShelf('doc-1');

  function start(): Autosave {
    return new Autosave({
      rowVersion: 1,
      ids,
      film,
      shelf,
      save: (...[saved, sceneIds, rowVersion, keepalive]) => {
        const call = { film: saved, ids: sceneIds, rowVersion, keepalive };
        calls.push(call);
        return answer(call);
      },
      onStatus: (status) => {
        states.push(status.state);
        changes = status.changes;
      },
    });
  }

  const accepted = (call: Call): SavedProject => ({
    ...savedProject({ row_version: call.rowVersion + 1 }),
    scenes: call.film.scenes.map((scene, index) => ({
      id: call.ids[scene.uid] ?? `new-${index}`,
      scene_key: scene.scene_key,
      values: scene.values,
      colors: scene.colors,
      duration_frames: null,
      transition: null,
    })),
  });

  beforeEach(() => {
    vi.useFakeTimers();
    localStorage.clear();
    calls = [];
    states = [];
    changes = 0;
    answer = (call) => Promise.resolve(accepted(call));
  });
  afterEach(() => vi.useRealTimers());

  it('saves once, a while after the last of several changes', async () => {
    const autosave = start();
    autosave.changed({ ...film, title: 'a' });
    await vi.advanceTimersByTimeAsync(AUTOSAVE_DELAY_MS - 100);
    autosave.changed({ ...film, title: 'ab' });
    await vi.advanceTimersByTimeAsync(AUTOSAVE_DELAY_MS - 100);
    expect(calls).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(200);
    expect(calls.map((call) => call.film.title)).toEqual(['ab']);
    expect(states).toEqual(['pending', 'pending', 'saving', 'saved']);
    expect(shelf.read()).toBeNull();
  });

  it('is saved again, without asking the server, when the change is undone', async () => {
    const autosave = start();
    autosave.changed({ ...film, title: 'a' });
    autosave.changed(film);
    expect(states.at(-1)).toBe('saved');
    expect(shelf.read()).toBeNull();
    await vi.advanceTimersByTimeAsync(AUTOSAVE_DELAY_MS * 2);
    expect(calls).toHaveLength(0);
  });

  it('sends the version of the answer before, and one request at a time', async () => {
    let release: (() => void) | undefined;
    answer = (call) => new Promise((resolve) => (release = () => resolve(accepted(call))));
    const autosave = start();
    autosave.changed({ ...film, title: 'a' });
    await vi.advanceTimersByTimeAsync(AUTOSAVE_DELAY_MS);
    autosave.changed({ ...film, title: 'b' });
    await vi.advanceTimersByTimeAsync(AUTOSAVE_DELAY_MS * 3);
    expect(calls).toHaveLength(1);
    release?.();
    await vi.advanceTimersByTimeAsync(AUTOSAVE_DELAY_MS * 2);
    expect(calls.map((call) => [call.film.title, call.rowVersion])).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  it('learns the ids of new scenes and sends them the next time', async () => {
    const autosave = start();
    const uid = newUid();
    const longer = {
      ...film,
      scenes: [
        ...film.scenes,
        { uid, scene_key: 'feature', values: {}, colors: {}, duration_frames: null, transition: null },
      ],
    };
    autosave.changed(longer);
    await autosave.flush();
    autosave.changed({ ...longer, title: 'next' });
    await autosave.flush();
    expect(calls[0]?.ids[uid]).toBeUndefined();
    expect(calls[1]?.ids[uid]).toBe('new-3');
  });

  it('goes offline, keeps the changes here, and tries again by itself', async () => {
    answer = () => Promise.reject(new ApiError(0, {}));
    const autosave = start();
    autosave.changed({ ...film, title: 'a' });
    autosave.changed({ ...film, title: 'ab' });
    await vi.advanceTimersByTimeAsync(AUTOSAVE_DELAY_MS);
    expect(states.at(-1)).toBe('offline');
    expect(changes).toBe(2);
    expect(shelf.read()?.film.title).toBe('ab');
    answer = (call) => Promise.resolve(accepted(call));
    await vi.advanceTimersByTimeAsync(2000);
    expect(states.at(-1)).toBe('saved');
    expect(shelf.read()).toBeNull();
  });

  it('stops at a version conflict until the person has chosen, then writes over it', async () => {
    answer = () => Promise.reject(new ApiError(412, { code: 'studio.version_conflict' }));
    const autosave = start();
    autosave.changed({ ...film, title: 'mine' });
    await vi.advanceTimersByTimeAsync(AUTOSAVE_DELAY_MS);
    expect(states.at(-1)).toBe('conflict');
    autosave.changed({ ...film, title: 'mine too' });
    await vi.advanceTimersByTimeAsync(AUTOSAVE_DELAY_MS * 4);
    expect(calls).toHaveLength(1);
    answer = (call) => Promise.resolve(accepted(call));
    expect(await autosave.overwrite(7)).toBe(true);
    expect(calls.at(-1)).toMatchObject({ rowVersion: 7, film: { title: 'mine too' } });
  });

  it('takes the server’s document at a conflict and forgets its own', async () => {
    answer = () => Promise.reject(new ApiError(412, {}));
    const autosave = start();
    autosave.changed({ ...film, title: 'mine' });
    await autosave.flush();
    const theirs = filmFrom(savedProject({ row_version: 9, title: 'theirs' }));
    autosave.reset(theirs.film, theirs.ids, 9);
    expect(autosave.rowVersion).toBe(9);
    expect(autosave.isDirty).toBe(false);
    expect(shelf.read()).toBeNull();
  });

  it('says that a change was refused and does not hammer the server with it', async () => {
    answer = () => Promise.reject(new ApiError(422, { code: 'studio.unknown_field' }));
    const autosave = start();
    autosave.changed({ ...film, title: 'a' });
    await vi.advanceTimersByTimeAsync(AUTOSAVE_DELAY_MS * 20);
    expect(states.at(-1)).toBe('refused');
    expect(calls).toHaveLength(1);
  });

  it('sends what is open in a way that outlives the page when it is left', () => {
    const autosave = start();
    autosave.changed({ ...film, title: 'leaving' });
    autosave.leave();
    expect(calls).toMatchObject([{ keepalive: true, film: { title: 'leaving' } }]);
    expect(shelf.read()?.leaving).toBe(true);
  });

  it('does nothing on leaving when all is saved', () => {
    start().leave();
    expect(calls).toHaveLength(0);
  });
});
