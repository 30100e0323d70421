/** The colour of a group of a traced drawing under a palette, by the server's arithmetic (docs/svg-previews.md). */
import type { Colors, SvgGroup } from '../api/types';
import { adjusted } from './colors';

type Rule = Pick<SvgGroup, 'slot' | 'toward' | 'amount' | 'lighten' | 'chroma' | 'hue'>;

/** Channel by channel in sRGB, as layers over each other mix; a colour that is none changes nothing. */
function blended(one: string, other: string, amount: number): string {
  if (!/^#[0-9a-fA-F]{6}$/.test(other)) return one;
  const part = (at: number) => {
    const [first, last] = [Number.parseInt(one.slice(at, at + 2), 16), Number.parseInt(other.slice(at, at + 2), 16)];
    return Math.floor(first + (last - first) * amount + 0.5)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${[1, 3, 5].map(part).join('')}`;
}

/** `color` is the traced one: it stays where the group follows no slot of the palette. */
export function recolored(color: string, rule: Rule, palette: Colors): string {
  const base = rule.slot === null ? undefined : palette[rule.slot];
  if (base === undefined) return color;
  const mixed = rule.toward === null ? base : blended(base, palette[rule.toward] ?? rule.toward, rule.amount);
  const shaded = rule.lighten !== 0 || rule.chroma !== 1 || rule.hue !== 0;
  return shaded ? adjusted(mixed, rule.lighten, rule.chroma, rule.hue) : mixed;
}

/** Whether the picture was drawn in these colours, so that it needs no recolouring. */
export function isDrawnWith(drawn: Colors, palette: Colors): boolean {
  return Object.entries(drawn).every(([slot, color]) => palette[slot] === undefined || palette[slot] === color);
}
