import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { waveformPath } from '../format/waveform';
import { queries } from '../queries';
import classes from './Waveform.module.css';

const BARS = 120;

/** A sound's outline; time runs left to right in Persian too. Shows nothing until it is known, and for a file that is not one's own. */
export function Waveform({ fileId, testId }: { fileId: string; testId?: string }) {
  const buckets = useQuery(queries.waveform(fileId)).data?.buckets;
  const path = useMemo(() => (buckets ? waveformPath(buckets, BARS) : ''), [buckets]);
  return (
    <div className={classes.box} dir="ltr" aria-hidden data-testid={testId} data-ready={path !== '' || undefined}>
      {path && (
        <svg viewBox={`0 0 ${BARS} 2`} preserveAspectRatio="none">
          <path d={path} />
        </svg>
      )}
    </div>
  );
}
