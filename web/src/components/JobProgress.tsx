import { useEffect, useState } from 'react';
import { Badge, Progress, Text } from '@mantine/core';
import type { RenderJob, RenderStatus } from '../api/types';
import { formatNumber, formatPercent } from '../format/digits';
import { formatAbout } from '../format/time';
import { useI18n } from '../i18n';
import { isEnded } from '../queries';
import classes from './JobProgress.module.css';

const COLORS: Partial<Record<RenderStatus, string>> = {
  completed: 'teal.9',
  failed: 'red.9',
  canceled: 'gray.7',
  canceling: 'gray.7',
  queued: 'gray.7',
};

export function JobStatus({ status }: { status: RenderStatus }) {
  const { t } = useI18n();
  return (
    <Badge color={COLORS[status] ?? 'brand'} variant="filled" data-testid="job-status" data-status={status}>
      {t(`render.status.${status}`)}
    </Badge>
  );
}

/** The seconds left, counted down between what the server tells. */
function useCountdown(seconds: number | null): number | null {
  const [told, setTold] = useState({ seconds, at: Date.now() });
  const [now, setNow] = useState(told.at);
  if (told.seconds !== seconds) {
    const at = Date.now();
    setTold({ seconds, at });
    setNow(at);
  }
  useEffect(() => {
    if (seconds === null) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [seconds]);
  return seconds === null ? null : Math.max(0, seconds - Math.max(0, now - told.at) / 1000);
}

/** How long a film still takes, as people say it; empty while nobody can tell. */
export function useTimeLeft(job: RenderJob): string {
  const { t, locale } = useI18n();
  const seconds = useCountdown(isEnded(job) || job.status === 'canceling' ? null : job.seconds_left);
  if (seconds === null) return '';
  const time = formatAbout(seconds, locale);
  return time === '' ? t('render.leftMoments') : t('render.left', { time });
}

/** How far a film is: its place in the queue, then percent and time left. */
export function JobProgress({ job }: { job: RenderJob }) {
  const { t, locale } = useI18n();
  const left = useTimeLeft(job);
  if (isEnded(job)) return null;
  const waiting = job.status === 'queued';
  const percent = Math.max(0, Math.min(100, job.progress_pct));
  return (
    <div className={classes.progress} data-testid="render-progress" data-percent={Math.round(percent)}>
      <div className={classes.line}>
        <Text size="sm" fw={600}>
          {t(`render.status.${job.status}`)}
        </Text>
        <Text size="sm" c="dimmed" aria-live="polite" data-testid="render-left" style={{ whiteSpace: 'nowrap' }}>
          {waiting && job.queue_position !== null
            ? t('render.queue', { n: formatNumber(job.queue_position, locale) })
            : [formatPercent(percent, locale), left].filter((part) => part !== '').join(' · ')}
        </Text>
      </div>
      {job.waits_for === 'after_effects' && (
        <Text size="sm" c="dimmed" data-testid="render-waits-for">
          {t('render.waitsForAfterEffects')}
        </Text>
      )}
      <Progress.Root size="lg" radius="xl">
        <Progress.Section
          value={waiting ? 100 : percent}
          color={waiting ? 'gray' : 'brand'}
          striped={waiting}
          animated={waiting}
          aria-label={t('render.progress')}
          aria-valuenow={waiting ? 0 : Math.round(percent)}
        />
      </Progress.Root>
    </div>
  );
}
