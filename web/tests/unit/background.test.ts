import { describe, expect, it } from 'vitest';
import type { BackgroundValue } from '../../src/api/types';
import { BACKGROUND_KEY, backgroundOf, backgroundValue } from '../../src/editor/background';

describe('the background of a scene', () => {
  it.each<[BackgroundValue | string | null, string]>([
    [null, 'designed'],
    ['transparent', 'transparent'],
    ['#112233', 'color'],
    [
      {
        gradient: {
          angle: 45,
          stops: [
            { color: 'primary', at: 0 },
            { color: '#ffffff', at: 1 },
          ],
        },
      },
      'gradient',
    ],
    [
      {
        gradient: {
          kind: 'radial',
          stops: [
            { color: '#000000', at: 0 },
            { color: '#ffffff', at: 1 },
          ],
        },
      },
      'gradient',
    ],
    [{ color: '#112233', image: '' }, 'picture'],
    [{ color: '#112233', image: { asset: 'x' } }, 'picture'],
  ])('%o is read and written as it was', (value, kind) => {
    const background = backgroundOf({ [BACKGROUND_KEY]: value });
    expect(background.kind).toBe(kind);
    expect(backgroundValue(background)).toEqual(value);
  });

  it('written as an object of one colour is a colour, and of nothing is transparent', () => {
    expect(backgroundOf({ [BACKGROUND_KEY]: { color: 'primary' } })).toMatchObject({
      kind: 'color',
      colors: ['primary'],
    });
    expect(backgroundOf({ [BACKGROUND_KEY]: {} }).kind).toBe('transparent');
  });
});
