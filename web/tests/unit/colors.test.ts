import { describe, expect, it } from 'vitest';
import type { ColorSlot, Derivation, Preset, Project } from '../../src/api/types';
import { slotColors } from '../../src/editor/colors';
import { matchesPreset, paletteOf, withPreset, type Film, type FilmScene } from '../../src/editor/film';

const rules: Derivation[] = [
  { from: 'a', contrast: ['#ffffff', 'b'] },
  { from: 'a', lighten: 0.25, chroma: 0.6 },
  { from: 'b', against: 'a', min_contrast: 4.5 },
  { from: 'a', mix: 'b', amount: 0.3, hue: 40 },
  { from: 'a', lighten: 0.5, chroma: 3 },
  { from: 'a', min_contrast: 7 },
  { from: 'r1', hue: 180, min_contrast: 3, against: 'b' },
];
const slots: ColorSlot[] = [
  { key: 'a', label: 'A', default: '#1e66c8' },
  { key: 'b', label: 'B', default: '#7a4a10' },
  ...rules.map((derive, at) => ({ key: `r${at}`, label: 'R', default: '#000000', derive })),
];
const project = { color_slots: slots } as unknown as Project;
const film = (palette: Record<string, string>) => ({ palette }) as unknown as Film;

describe('colours that follow from others', () => {
  // the figures are those of flatrender.engine.template.palette.palette
  it.each([
    [{}, ['#ffffff', '#8db7f5', '#ffe3c8', '#6d578e', '#ffffff', '#ffffff', '#d8ad69']],
    [{ a: '#f2d94b' }, ['#7a4a10', '#ffffff', '#7a4a10', '#8ec164', '#ffffff', '#4d4200', '#ffffff']],
    [{ a: '#777777', b: '#787878' }, ['#ffffff', '#c4c4c4', '#070706', '#777777', '#ffffff', '#000000', '#d5d5d4']],
    [{ r0: '#123456' }, ['#123456', '#8db7f5', '#ffe3c8', '#6d578e', '#ffffff', '#ffffff', '#d8ad69']],
  ])('are those of the engine with %o chosen', (chosen, expected) => {
    const colors = slotColors(slots, chosen);
    expect(rules.map((_, at) => colors[`r${at}`])).toEqual(expected);
  });

  it('follow the colours of a scene where it has its own', () => {
    const scene = { colors: { a: '#f2d94b' } } as unknown as FilmScene;
    expect(paletteOf(project, film({}), scene).r0).toBe('#7a4a10');
  });

  it('are free again after a preset, which is then the chosen one', () => {
    const preset: Preset = { key: 'sun', colors: { a: '#f2d94b', b: '#7a4a10' } };
    const own = film({ b: '#000000', r0: '#123456' });
    expect(matchesPreset(project, own, preset)).toBe(false);
    expect(withPreset(project, own, preset)).toEqual(preset.colors);
    expect(matchesPreset(project, film(withPreset(project, own, preset)), preset)).toBe(true);
  });
});
