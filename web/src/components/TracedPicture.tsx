import { memo, useMemo } from 'react';
import type { Colors, SvgPreview } from '../api/types';
import { recolored } from '../editor/recoloring';
import { readDrawing } from './tracedDrawing';
import classes from './TracedPicture.module.css';

const Paths = memo(function Paths({ paths }: { paths: string[] }) {
  return paths.map((path, at) => <path key={at} d={path} />);
});

type TracedPictureProps = {
  preview: SvgPreview;
  /** Every slot's colour. */
  palette: Colors;
  alt: string;
  className?: string;
  /** The group that stands out; the others are pale. */
  marked?: number | null;
  testId?: string;
};

/** A traced scene in the colours given; a change of colour touches only the groups that follow it. */
export function TracedPicture({ preview, palette, alt, className, marked = null, testId }: TracedPictureProps) {
  const drawing = useMemo(() => readDrawing(preview.svg), [preview.svg]);
  if (!drawing) return null;
  const colors = preview.groups.map((group) => recolored(group.color, group, palette));
  return (
    <svg
      viewBox={`0 0 ${drawing.width} ${drawing.height}`}
      className={`${classes.picture ?? ''} ${className ?? ''}`}
      role={alt ? 'img' : undefined}
      aria-label={alt || undefined}
      aria-hidden={alt ? undefined : true}
      data-testid={testId}
    >
      {drawing.runs.map((run, at) => (
        <g
          key={at}
          fill={colors[run.group]}
          opacity={marked === null || marked === run.group ? undefined : 0.12}
          data-group={run.group}
        >
          <Paths paths={run.paths} />
        </g>
      ))}
    </svg>
  );
}
