import { Alert, Button, Group, Text, TextInput } from '@mantine/core';
import { IconBrush } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { adminRender } from '../../api/endpoints';
import type { FrameRepair, RenderAttempt, RenderJob } from '../../api/types';
import { ErrorState } from '../../components/ErrorState';
import { JobStatus } from '../../components/JobProgress';
import { SkeletonRows, useSlow } from '../../components/ListState';
import { PageHeader } from '../../components/PageHeader';
import { RangeInput } from '../../components/RangeInput';
import { StatusBadge } from '../../components/StatusBadge';
import { formatNumber, localDigits, parseNumber } from '../../format/digits';
import { formatAgo, formatDateTime } from '../../format/time';
import { textFor, useI18n } from '../../i18n';
import { isEnded, queries, queryClient } from '../../queries';
import { say } from '../../say';
import classes from './Admin.module.css';

const route = getRouteApi('/signed-in/shell/admin/jobs/$jobId');
const MOST_FRAMES = 5000;

type Edge = { label: string; value: number; set: (value: number) => void; testId: string };

/** Either end of the range, with the frame that is there now. */
function FrameChoice({ job, edge, last }: { job: RenderJob; edge: Edge; last: number }) {
  const { t, locale } = useI18n();
  const [missing, setMissing] = useState<string | null>(null);
  const source = adminRender.frameUrl(job.id, edge.value, job.export?.file_id ?? '');
  const named = t('admin.frameNumber', { n: formatNumber(edge.value, locale) });
  return (
    <div className={classes.frameChoice}>
      <div className={classes.framePicture} style={{ aspectRatio: `${job.width ?? 16} / ${job.height ?? 9}` }}>
        {missing === source ? (
          <Text size="sm" c="dimmed">
            {t('admin.frameMissing')}
          </Text>
        ) : (
          <img src={source} alt={named} onError={() => setMissing(source)} data-testid={`${edge.testId}-picture`} />
        )}
      </div>
      <RangeInput
        value={edge.value}
        min={0}
        max={last}
        step={1}
        label={edge.label}
        valueText={named}
        onChange={edge.set}
        ltr
      />
      <TextInput
        label={edge.label}
        value={localDigits(String(edge.value), locale)}
        inputMode="numeric"
        onChange={(event) => edge.set(Math.min(last, Math.max(0, Math.trunc(parseNumber(event.target.value) ?? 0))))}
        data-testid={edge.testId}
      />
    </div>
  );
}

function RepairForm({ job }: { job: RenderJob }) {
  const { t, locale } = useI18n();
  const last = Math.max(0, (job.total_frames ?? 1) - 1);
  const [first, setFirst] = useState(0);
  const [end, setEnd] = useState(Math.min(last, 9));
  const repair = useMutation({
    mutationFn: () => adminRender.repair(job.id, first, end),
    onSuccess: () => {
      say.done(t('admin.repairStarted'));
      return Promise.all([
        queryClient.invalidateQueries({ queryKey: queries.adminRepairs(job.id).queryKey }),
        queryClient.invalidateQueries({ queryKey: queries.renderJob(job.id).queryKey }),
        queryClient.invalidateQueries({ queryKey: queries.adminJob(job.id).queryKey }),
      ]);
    },
    onError: say.failed,
  });
  const count = end - first + 1;
  const edges: Edge[] = [
    {
      label: t('admin.firstFrame'),
      value: first,
      set: (value) => {
        setFirst(value);
        if (value > end) setEnd(value);
      },
      testId: 'repair-first',
    },
    {
      label: t('admin.lastFrame'),
      value: end,
      set: (value) => {
        setEnd(value);
        if (value < first) setFirst(value);
      },
      testId: 'repair-last',
    },
  ];
  return (
    <section aria-labelledby="repair-title" className={classes.section}>
      <Text component="h2" id="repair-title" fw={700} size="lg">
        {t('admin.repairTitle')}
      </Text>
      <Text size="sm" c="dimmed" mb={14}>
        {t('admin.repairHint')}
      </Text>
      <div className={classes.frameChoices}>
        {edges.map((edge) => (
          <FrameChoice key={edge.testId} job={job} edge={edge} last={last} />
        ))}
      </div>
      {count > MOST_FRAMES && (
        <Alert color="red" mt={14}>
          {t('admin.repairTooMany', { n: formatNumber(MOST_FRAMES, locale) })}
        </Alert>
      )}
      <Button
        mt={18}
        leftSection={<IconBrush size={16} aria-hidden />}
        disabled={job.status !== 'completed' || count > MOST_FRAMES}
        loading={repair.isPending}
        onClick={() => repair.mutate()}
        data-testid="repair-start"
      >
        {t('admin.repairFrames', { n: formatNumber(count, locale) })}
      </Button>
    </section>
  );
}

const TONES: Record<string, 'good' | 'busy' | 'quiet' | 'bad' | 'warn'> = {
  queued: 'quiet',
  running: 'busy',
  done: 'good',
  completed: 'good',
  failed: 'bad',
  lease_expired: 'warn',
  boot_ended: 'warn',
  superseded: 'quiet',
  canceled: 'quiet',
};

function Outcome({ value }: { value: string }) {
  return <StatusBadge tone={TONES[value] ?? 'quiet'}>{textFor(`admin.outcome.${value}`) ?? value}</StatusBadge>;
}

function RepairList({ repairs }: { repairs: FrameRepair[] }) {
  const { t, locale } = useI18n();
  const number = (value: number) => formatNumber(value, locale);
  const shown = (runs: [number, number][]) =>
    runs
      .slice(0, 4)
      .map(([first, last]) =>
        first === last ? number(first) : t('admin.frameRange', { first: number(first), last: number(last) }),
      )
      .join(locale.startsWith('fa') ? '، ' : ', ') + (runs.length > 4 ? ' …' : '');
  return (
    <div className={classes.scroll} role="region" aria-label={t('admin.repairs')} tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{t('admin.frames')}</th>
            <th scope="col">{t('admin.repairReason')}</th>
            <th scope="col">{t('admin.repairFoundBy')}</th>
            <th scope="col">{t('common.status')}</th>
            <th scope="col">{t('admin.repairNode')}</th>
            <th scope="col">{t('admin.repairAt')}</th>
          </tr>
        </thead>
        <tbody>
          {repairs.map((repair) => (
            <tr key={repair.id} data-testid="repair-row">
              <td>
                <strong>{shown(repair.frames)}</strong>{' '}
                <span className={classes.muted}>{t('admin.frameCount', { n: number(repair.frame_count) })}</span>
                {repair.error && (
                  <span className={classes.error} dir="auto">
                    {repair.error}
                  </span>
                )}
              </td>
              <td>{textFor(`admin.reason.${repair.reason}`) ?? repair.reason}</td>
              <td>{t(repair.detected_by === 'admin' ? 'admin.foundByPerson' : 'admin.foundByCheck')}</td>
              <td>
                <Outcome value={repair.status} />
              </td>
              <td>
                <bdi>{repair.node_name ?? '—'}</bdi>
              </td>
              <td className={classes.muted} title={formatDateTime(repair.created_at, locale)}>
                {formatAgo(repair.created_at, locale)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AttemptList({ attempts }: { attempts: RenderAttempt[] }) {
  const { t, locale } = useI18n();
  const number = (value: number) => formatNumber(value, locale);
  return (
    <div className={classes.scroll} role="region" aria-label={t('admin.attempts')} tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{t('admin.frames')}</th>
            <th scope="col">{t('admin.attemptScene')}</th>
            <th scope="col">{t('admin.repairNode')}</th>
            <th scope="col">{t('common.status')}</th>
            <th scope="col">{t('admin.repairAt')}</th>
            <th scope="col">{t('admin.attemptLog')}</th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((attempt) => (
            <tr key={`${attempt.frame_job_id}-${attempt.epoch}`} data-testid="attempt-row">
              <td>
                {t('admin.frameRange', { first: number(attempt.first_frame), last: number(attempt.last_frame) })}
                {attempt.is_repair && <span className={classes.muted}> {t('admin.attemptRepair')}</span>}
              </td>
              <td>
                <bdi>{attempt.scene_key ?? '—'}</bdi>
              </td>
              <td>
                <bdi>{attempt.node_name ?? '—'}</bdi>
              </td>
              <td>
                <Outcome value={attempt.outcome ?? 'running'} />
                {attempt.detail && (
                  <span className={classes.error} dir="auto">
                    {attempt.detail}
                  </span>
                )}
              </td>
              <td className={classes.muted} title={formatDateTime(attempt.started_at, locale)}>
                {formatAgo(attempt.started_at, locale)}
              </td>
              <td>
                {attempt.log_url ? (
                  <a href={attempt.log_url} target="_blank" rel="noreferrer">
                    {t('admin.attemptOpenLog')}
                  </a>
                ) : (
                  '—'
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A film as admins see it: its frames, what was drawn again, every attempt with its log. */
export function AdminJob() {
  const { t } = useI18n();
  const { jobId } = route.useParams();
  const query = useQuery({
    ...queries.adminJob(jobId),
    refetchInterval: ({ state }) => (state.data && !isEnded(state.data) ? 1500 : 30_000),
  });
  const often = query.data && !isEnded(query.data) ? 1500 : 30_000;
  const repairs = useQuery({ ...queries.adminRepairs(jobId), refetchInterval: often });
  const attempts = useQuery({ ...queries.adminAttempts(jobId), refetchInterval: often });
  const slow = useSlow(query.isPending);
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return slow ? <SkeletonRows rows={3} height={120} /> : null;
  const job = query.data;
  return (
    <>
      <PageHeader title={job.title}>
        <Group>
          <JobStatus status={job.status} />
        </Group>
      </PageHeader>
      {job.error_message && (
        <Alert color="red" dir="auto">
          {job.error_message}
        </Alert>
      )}
      {job.export && <RepairForm job={job} />}
      {repairs.data && repairs.data.items.length > 0 && (
        <section className={classes.section}>
          <Text component="h2" fw={700} size="lg" mb={12}>
            {t('admin.repairs')}
          </Text>
          <RepairList repairs={repairs.data.items} />
        </section>
      )}
      {attempts.data && attempts.data.items.length > 0 && (
        <section className={classes.section}>
          <Text component="h2" fw={700} size="lg" mb={12}>
            {t('admin.attempts')}
          </Text>
          <AttemptList attempts={attempts.data.items} />
        </section>
      )}
    </>
  );
}
