import type { MantineColorsTuple } from '@mantine/core';

export const DEFAULT_BRAND = '#0f7f86';

/** OKLCH lightness of the ten shades; from the ninth (index 8) on white text has a contrast of at least 4.5 on them. */
const LIGHTNESS = [0.972, 0.938, 0.885, 0.82, 0.755, 0.69, 0.625, 0.555, 0.485, 0.41] as const;
const CHROMA_SHARE = [0.16, 0.3, 0.5, 0.75, 0.92, 1, 1, 1, 0.95, 0.85] as const;

function toLinear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}

function fromLinear(channel: number): number {
  const clipped = Math.min(1, Math.max(0, channel));
  return clipped <= 0.0031308 ? clipped * 12.92 : 1.055 * clipped ** (1 / 2.4) - 0.055;
}

/** Chroma and hue (radians) of `#rrggbb` in OKLCH (Björn Ottosson, "A perceptual color space for image processing", 2020). */
function chromaAndHue(hex: string): [number, number] {
  const part = (at: number) => toLinear(parseInt(hex.slice(at, at + 2), 16) / 255);
  const [r, g, b] = [part(1), part(3), part(5)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const bb = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  return [Math.hypot(a, bb), Math.atan2(bb, a)];
}

function hexOf(lightness: number, chroma: number, hue: number): string {
  const a = chroma * Math.cos(hue);
  const b = chroma * Math.sin(hue);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const channels = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return `#${channels
    .map((channel) =>
      Math.round(fromLinear(channel) * 255)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}

/** Ten shades of a tenant's colour; an unusable colour gives the product's own. */
export function brandShades(color: string | null | undefined): MantineColorsTuple {
  const base = /^#[0-9a-f]{6}$/i.test(color ?? '') ? (color as string) : DEFAULT_BRAND;
  const [chroma, hue] = chromaAndHue(base);
  const strength = Math.min(chroma, 0.16);
  return LIGHTNESS.map((lightness, index) =>
    hexOf(lightness, strength * (CHROMA_SHARE[index] ?? 1), hue),
  ) as unknown as MantineColorsTuple;
}
