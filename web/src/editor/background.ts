import type { BackgroundValue, FieldValue, GradientValue, Values } from '../api/types';

/** The key of a person's background among a scene's values; no field can have it. */
export const BACKGROUND_KEY = '@background';

/** `designed` is the template's own; the others take its place. */
export type BackgroundKind = 'designed' | 'color' | 'gradient' | 'picture' | 'transparent';

/** How a gradient runs: an angle in degrees, 0 to the right and 90 down, or from the middle. */
export const GRADIENT_WAYS = ['90', '0', '45', '135', 'radial'] as const;
export type GradientWay = (typeof GRADIENT_WAYS)[number];

export type Background = {
  kind: BackgroundKind;
  /** The colour, or the two ends of the gradient; slots or `#rrggbb`. */
  colors: string[];
  way: GradientWay;
  image: FieldValue;
};

function wayOf(gradient: GradientValue): GradientWay {
  if (gradient.kind === 'radial') return 'radial';
  const angle = String(gradient.angle ?? 90);
  return GRADIENT_WAYS.find((way) => way === angle) ?? '90';
}

/** What a scene's values say of its background. */
export function backgroundOf(values: Values): Background {
  const value = values[BACKGROUND_KEY];
  const background: Background = { kind: 'designed', colors: [], way: '90', image: '' };
  if (value === 'transparent') return { ...background, kind: 'transparent' };
  if (typeof value === 'string') return { ...background, kind: 'color', colors: [value] };
  if (typeof value !== 'object' || value === null || 'asset' in value) return background;
  const own = value.color ? [value.color] : [];
  if (value.image !== undefined && value.image !== null)
    return { ...background, kind: 'picture', colors: own, image: value.image };
  if (value.gradient) {
    const stops = value.gradient.stops.toSorted((a, b) => a.at - b.at).map((stop) => stop.color);
    return { ...background, kind: 'gradient', colors: stops, way: wayOf(value.gradient) };
  }
  return { ...background, kind: own.length ? 'color' : 'transparent', colors: own };
}

/** The value to keep for a background; null is the template's own. A picture that is not chosen yet leaves the colour. */
export function backgroundValue({ kind, colors, way, image }: Background): BackgroundValue | string | null {
  const first = colors[0] ?? '#000000';
  const last = colors.at(-1) ?? first;
  switch (kind) {
    case 'designed':
      return null;
    case 'transparent':
      return 'transparent';
    case 'color':
      return first;
    case 'picture':
      return { color: first, image };
    case 'gradient':
      return {
        gradient: {
          ...(way === 'radial' ? { kind: 'radial' as const } : { angle: Number(way) }),
          stops: [
            { color: first, at: 0 },
            { color: last, at: 1 },
          ],
        },
      };
  }
}
