import type { Size } from '../api/types';

/** `16:9` of a size; its key when the sides have no small ratio. */
export function aspectName(size: Size): string {
  const divide = (a: number, b: number): number => (b === 0 ? a : divide(b, a % b));
  const common = divide(size.width, size.height) || 1;
  const [width, height] = [size.width / common, size.height / common];
  return width <= 32 && height <= 32 ? `${width}:${height}` : size.key;
}

/** A small outline of the size's shape. */
export function AspectGlyph({ size, box = 18 }: { size: Size; box?: number }) {
  const scale = (box - 3) / Math.max(size.width, size.height);
  const width = size.width * scale;
  const height = size.height * scale;
  return (
    <svg width={box} height={box} aria-hidden="true" focusable="false">
      <rect
        x={(box - width) / 2}
        y={(box - height) / 2}
        width={width}
        height={height}
        rx={2}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.5}
      />
    </svg>
  );
}
