import { describe, expect, it } from 'vitest';
import type { Field, Project, Scene } from '../../src/api/types';
import { filmFrames, isAskedFor, overlaps, sceneFrames, type Film, type FilmScene } from '../../src/editor/film';

const words: Field = { key: 'words', type: 'textarea', label: 'Words', default: { fa: 'یک دو', en: 'one' } };
const definition = {
  key: 'one',
  duration_frames: 60,
  fields: [words],
  duration: { mode: 'follow_text', base_seconds: 1, seconds_per_word: 0.5, max_frames: 100 },
} as unknown as Scene;
const project = { fps: 30, scenes: [definition], fields: [] } as unknown as Project;
const scene = (text?: string, frames: number | null = null): FilmScene => ({
  uid: 'a',
  scene_key: 'one',
  values: text === undefined ? {} : { words: text },
  colors: {},
  duration_frames: frames,
  transition: null,
});
const film = (...scenes: FilmScene[]) => ({ locale: 'fa', global_values: {}, scenes }) as unknown as Film;

describe('the length of a film', () => {
  it('is shorter by what its scenes share, and every scene keeps a frame of its own', () => {
    const dissolve = { kind: 'dissolve', duration_ms: 1000, direction: 'left', color: '#000000' } as const;
    const [first, second, last] = [100, 11, 100].map((frames) => ({ ...scene('a', frames), transition: dissolve }));
    if (!first || !second || !last) throw new Error('three scenes');
    expect(filmFrames(project, film(first, last))).toBe(170);
    expect(overlaps(project, film(first, second, last))).toEqual([5, 5]);
    expect(filmFrames(project, film({ ...first, transition: null }, last))).toBe(200);
  });
});

describe('the length of a scene', () => {
  it('follows the words by the rule of the server', () => {
    const texts = [undefined, 'یک دو سه چهار', 'می‌روم و می‌آیم', 'a b c d e f g h', ''];
    expect(texts.map((text) => sceneFrames(project, film(), scene(text)))).toEqual([60, 90, 75, 100, 60]);
  });

  it('is what was asked for where something was', () => {
    expect(filmFrames(project, film(scene('a b c d', 42), scene()))).toBe(102);
  });
});

describe('a field that depends on another', () => {
  const look: Field = { key: 'look', type: 'dropdown', label: 'Look', default: 'a' };
  const when = (condition: object): Field => ({
    ...words,
    constraints: { visible_when: [{ field: 'look', ...condition }] },
  });

  it('is asked for while its conditions hold', () => {
    const asked = (condition: object, value?: string) =>
      isAskedFor(when(condition), [look, words], value === undefined ? {} : { look: value }, 'fa');
    expect([asked({ is: 'a' }), asked({ is: 'a' }, 'b'), asked({ is: ['a', 'b'] }, 'b')]).toEqual([true, false, true]);
    expect([asked({}), asked({}, ' '), asked({ is: 'a', not: true })]).toEqual([true, false, false]);
  });
});
