import { describe, expect, it } from 'vitest';
import { readDrawing } from '../../src/components/tracedDrawing';
import { isDrawnWith, recolored } from '../../src/editor/recoloring';

const palette = { background: '#0b1020', primary: '#1d9a74', accent: '#f4d35e', text: '#f1faf5' };
const plain = { slot: null, toward: null, amount: 0, lighten: 0, chroma: 1, hue: 0 };

describe('a group under a palette', () => {
  // the figures of tests/engine_vector/test_recoloring.py
  it.each([
    [{}, '#123456'],
    [{ slot: 'gone' }, '#123456'],
    [{ slot: 'primary' }, '#1d9a74'],
    [{ slot: 'primary', toward: 'background', amount: 0.25 }, '#19785f'],
    [{ slot: 'primary', toward: '#ffffff', amount: 0.5 }, '#8ecdba'],
    [{ slot: 'primary', toward: 'gone', amount: 0.5 }, '#1d9a74'],
    [{ slot: 'accent', lighten: -0.2 }, '#b39300'],
    [{ slot: 'primary', lighten: 0.1, chroma: 0.5, hue: 40 }, '#75adb5'],
    [{ slot: 'primary', toward: 'accent', amount: 0.5, lighten: 0.05 }, '#98c778'],
  ])('has the colour that the server gives: %o', (rule, expected) => {
    expect(recolored('#123456', { ...plain, ...rule }, palette)).toBe(expected);
  });

  it('needs no recolouring in the colours that it was drawn with', () => {
    expect(isDrawnWith({ primary: '#1d9a74' }, palette)).toBe(true);
    expect(isDrawnWith({ primary: '#1d9a75' }, palette)).toBe(false);
    expect(isDrawnWith({ gone: '#000000' }, palette)).toBe(true);
  });
});

describe('a drawing of the server', () => {
  const svg = (inside: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10" viewBox="0 0 20 10">${inside}</svg>`;

  it('is read as groups and paths', () => {
    const text = svg(
      '<g fill="#000000" data-group="3" data-slot="a"><path d="M0 0l1 1-.5 2z"/><path d="M1 1l2 0z"/></g>',
    );
    expect(readDrawing(text)).toEqual({
      width: 20,
      height: 10,
      runs: [{ group: 3, paths: ['M0 0l1 1-.5 2z', 'M1 1l2 0z'] }],
    });
  });

  it.each([
    ['a script', svg('<script>alert(1)</script>')],
    ['a link', svg('<a href="javascript:alert(1)"><path d="M0 0z"/></a>')],
    ['a picture', svg('<g data-group="0"><image href="https://example.org/x.png"/></g>')],
    ['a path that is none', svg('<g data-group="0"><path d="url(#a)"/></g>')],
    ['a group without number', svg('<g><path d="M0 0z"/></g>')],
    ['something broken', '<svg'],
    ['a page', '<html xmlns="http://www.w3.org/1999/xhtml"/>'],
    ['nothing', ''],
  ])('is refused with %s', (_, text) => {
    expect(readDrawing(text)).toBeNull();
  });
});
