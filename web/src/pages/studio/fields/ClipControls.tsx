import { NativeSelect } from '@mantine/core';
import type { ClipAfter, ClipOptions } from '../../../api/types';
import { useI18n } from '../../../i18n';
import classes from './FieldInput.module.css';
import { NumberField } from './NumberField';

const AFTERS: ClipAfter[] = ['freeze', 'loop', 'first', 'hide'];
const SHORTEST_S = 0.1;

type ClipControlsProps = {
  id: string;
  seconds: number;
  clip: ClipOptions;
  onChange: (clip: ClipOptions) => void;
};

/** How a film plays in its place: which part of it, how fast, what comes after its end, how loud. */
export function ClipControls({ id, seconds, clip, onChange }: ClipControlsProps) {
  const { t } = useI18n();
  const length = Math.floor(seconds * 100) / 100;
  const start = clip.start ?? 0;
  const end = Math.min(clip.end ?? length, length);
  const none = () => undefined;
  return (
    <div className={classes.clip} role="group" aria-label={t('clip.label')} data-testid={`${id}-clip`}>
      <NumberField
        label={t('clip.start')}
        value={start}
        limits={{ min: 0, max: Math.max(0, Number((end - SHORTEST_S).toFixed(2))), step: 0.1, decimals: 2 }}
        onChange={(value) => onChange({ ...clip, start: value })}
        onCommit={none}
        testId={`${id}-clip-start`}
      />
      <NumberField
        label={t('clip.end')}
        value={end}
        limits={{ min: Number((start + SHORTEST_S).toFixed(2)), max: length, step: 0.1, decimals: 2 }}
        onChange={(value) => onChange({ ...clip, end: value })}
        onCommit={none}
        testId={`${id}-clip-end`}
      />
      <NumberField
        label={t('clip.speed')}
        value={clip.speed ?? 1}
        limits={{ min: 0.25, max: 4, step: 0.25, decimals: 2 }}
        slider
        onChange={(value) => onChange({ ...clip, speed: value })}
        onCommit={none}
        testId={`${id}-clip-speed`}
      />
      <NumberField
        label={t('clip.volume')}
        value={Math.round((clip.volume ?? 1) * 100)}
        limits={{ min: 0, max: 200, step: 5, suffix: '٪' }}
        slider
        onChange={(value) => onChange({ ...clip, volume: value / 100 })}
        onCommit={none}
        testId={`${id}-clip-volume`}
      />
      <NativeSelect
        label={t('clip.after')}
        value={clip.after ?? 'freeze'}
        data={AFTERS.map((after) => ({ value: after, label: t(`clip.after.${after}`) }))}
        onChange={(event) => onChange({ ...clip, after: event.currentTarget.value as ClipAfter })}
        data-testid={`${id}-clip-after`}
      />
    </div>
  );
}
