/** Colours that follow from others, by the server's arithmetic (docs/binding.md): Oklab for lightness and chroma, WCAG 2.2 for contrast. */
import type { Colors, ColorSlot, Derivation } from '../api/types';

type Triple = [number, number, number];
const STEPS = 24;

function light(color: string): Triple {
  const part = (at: number) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

function luminance(color: string): number {
  const [red, green, blue] = light(color);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio of two colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function toOklab(color: string): Triple {
  const [red, green, blue] = light(color);
  const long = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const middle = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const short = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * long + 0.793617785 * middle - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * middle + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * middle - 0.808675766 * short,
  ];
}

function toLight([lightness, a, b]: Triple): Triple {
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
  ];
}

function byte(value: number): string {
  const kept = Math.min(Math.max(value, 0), 1);
  const coded = kept <= 0.0031308 ? 12.92 * kept : 1.055 * kept ** (1 / 2.4) - 0.055;
  return Math.round(255 * coded)
    .toString(16)
    .padStart(2, '0');
}

/** `#rrggbb`; what no screen shows loses chroma until it can be shown. */
function fromOklab([wanted, a, b]: Triple): string {
  const lightness = Math.min(Math.max(wanted, 0), 1);
  const at = (share: number): Triple => toLight([lightness, a * share, b * share]);
  const isShown = (share: number) => at(share).every((value) => value >= -1e-4 && value <= 1 + 1e-4);
  let [low, high] = [0, 1];
  if (isShown(1)) low = 1;
  else {
    for (let step = 0; step < STEPS; step += 1) {
      const share = (low + high) / 2;
      if (isShown(share)) low = share;
      else high = share;
    }
  }
  return `#${at(low).map(byte).join('')}`;
}

/** The colour with Oklab lightness added, chroma multiplied and hue turned (degrees). */
export function adjusted(color: string, lightness: number, chroma: number, hue: number): string {
  const [light0, a, b] = toOklab(color);
  const angle = (hue * Math.PI) / 180;
  const turned = [a * Math.cos(angle) - b * Math.sin(angle), a * Math.sin(angle) + b * Math.cos(angle)] as const;
  return fromOklab([light0 + lightness, turned[0] * chroma, turned[1] * chroma]);
}

function mixed(one: string, other: string, amount: number): string {
  const [a, b] = [toOklab(one), toOklab(other)];
  return fromOklab([a[0] + (b[0] - a[0]) * amount, a[1] + (b[1] - a[1]) * amount, a[2] + (b[2] - a[2]) * amount]);
}

function mostReadable(ground: string, candidates: string[]): string {
  return candidates.reduce((best, color) => (contrast(ground, color) > contrast(ground, best) ? color : best));
}

/** The colour, lighter or darker by the least until it has the ratio to the ground; black or white where it cannot be had. */
function readable(color: string, ground: string, ratio: number): string {
  if (contrast(color, ground) >= ratio) return color;
  const [start, a, b] = toOklab(color);
  let best: { far: number; color: string } | null = null;
  for (const end of [0, 1]) {
    if (contrast(end === 0 ? '#000000' : '#ffffff', ground) < ratio) continue;
    let [near, far] = [start, end];
    for (let step = 0; step < STEPS; step += 1) {
      const middle = (near + far) / 2;
      if (contrast(fromOklab([middle, a, b]), ground) >= ratio) far = middle;
      else near = middle;
    }
    const moved = Math.abs(far - start);
    if (best === null || moved < best.far) best = { far: moved, color: fromOklab([far, a, b]) };
  }
  return best?.color ?? mostReadable(ground, ['#ffffff', '#000000']);
}

/** Every slot's colour: what was chosen, otherwise what it derives from, otherwise its default. */
export function slotColors(slots: ColorSlot[], chosen: Colors): Colors {
  const known = new Map(slots.map((slot) => [slot.key, slot]));
  const found = new Map<string, string>();
  const colorOf = (name: string): string => {
    const slot = known.get(name);
    if (!slot) return name.toLowerCase();
    const before = found.get(name);
    if (before !== undefined) return before;
    // the import refuses circles; the default stands in while the slot's own colour is being worked out
    found.set(name, slot.default.toLowerCase());
    const color = (chosen[name] ?? (slot.derive ? derived(slot.derive) : slot.default)).toLowerCase();
    found.set(name, color);
    return color;
  };
  const derived = (rule: Derivation): string => {
    const source = colorOf(rule.from);
    let color = rule.mix ? mixed(source, colorOf(rule.mix), rule.amount ?? 0.5) : source;
    if (rule.lighten || (rule.chroma ?? 1) !== 1 || rule.hue) {
      color = adjusted(color, rule.lighten ?? 0, rule.chroma ?? 1, rule.hue ?? 0);
    }
    if (rule.contrast?.length) color = mostReadable(color, rule.contrast.map(colorOf));
    if ((rule.min_contrast ?? 1) > 1) {
      color = readable(color, rule.against ? colorOf(rule.against) : source, rule.min_contrast ?? 1);
    }
    return color;
  };
  return Object.fromEntries(slots.map((slot) => [slot.key, colorOf(slot.key)]));
}
