import { ActionIcon, Button, Progress } from '@mantine/core';
import { IconListCheck, IconRefresh, IconX } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { adminRender } from '../../api/endpoints';
import type { RenderJob } from '../../api/types';
import { EmptyState } from '../../components/EmptyState';
import { JobStatus, useTimeLeft } from '../../components/JobProgress';
import { ListState } from '../../components/ListState';
import { PageHeader } from '../../components/PageHeader';
import { profileName } from '../../components/profileText';
import { formatPercent } from '../../format/digits';
import { formatAgo, formatDateTime } from '../../format/time';
import { useI18n } from '../../i18n';
import { isEnded, queries, queryClient } from '../../queries';
import { say } from '../../say';
import classes from './Admin.module.css';

function JobRow({ job }: { job: RenderJob }) {
  const { t, locale } = useI18n();
  const left = useTimeLeft(job);
  const cancel = useMutation({
    mutationFn: () => adminRender.cancel(job.id),
    onSuccess: () => {
      say.done(t('admin.jobCanceled'));
      return queryClient.invalidateQueries({ queryKey: queries.adminJobs.queryKey });
    },
    onError: say.failed,
  });
  return (
    <tr data-testid="admin-job-row">
      <td>
        <strong>
          <Link to="/admin/jobs/$jobId" params={{ jobId: job.id }}>
            <bdi>{job.title}</bdi>
          </Link>
        </strong>
        {job.error_message && (
          <span className={classes.error} dir="auto">
            {job.error_message}
          </span>
        )}
      </td>
      <td>{profileName(job.profile)}</td>
      <td>
        <JobStatus status={job.status} />
      </td>
      <td style={{ minWidth: 120 }}>
        <Progress
          value={job.progress_pct}
          aria-label={`${t('admin.progress')}: ${job.title}`}
          color={job.status === 'failed' ? 'red.9' : 'brand'}
        />
        <span className={classes.muted}>
          {[formatPercent(job.progress_pct, locale), left].filter((part) => part !== '').join(' · ')}
        </span>
      </td>
      <td className={classes.muted} title={formatDateTime(job.queued_at, locale)}>
        {formatAgo(job.queued_at, locale)}
      </td>
      <td>
        {!isEnded(job) && job.status !== 'canceling' && (
          <ActionIcon
            variant="subtle"
            color="red"
            aria-label={t('admin.cancelJob', { title: job.title })}
            loading={cancel.isPending}
            onClick={() => cancel.mutate()}
            data-testid="admin-job-cancel"
          >
            <IconX size={18} aria-hidden />
          </ActionIcon>
        )}
      </td>
    </tr>
  );
}

export function AdminJobs() {
  const { t } = useI18n();
  const list = useInfiniteQuery({
    ...queries.adminJobs,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some((job) => !isEnded(job))) ? 2000 : 15_000,
  });
  return (
    <>
      <PageHeader title={t('admin.jobs')}>
        <Button
          variant="default"
          leftSection={<IconRefresh size={16} aria-hidden />}
          loading={list.isRefetching}
          onClick={() => void list.refetch()}
        >
          {t('admin.refresh')}
        </Button>
      </PageHeader>
      <ListState
        query={list}
        empty={<EmptyState icon={<IconListCheck size={30} stroke={1.4} />} text={t('admin.jobsEmpty')} />}
      >
        {(items) => (
          <div className={classes.scroll} role="region" aria-label={t('admin.jobs')} tabIndex={0}>
            <table className={classes.table}>
              <thead>
                <tr>
                  <th scope="col">{t('admin.jobTitle')}</th>
                  <th scope="col">{t('admin.profile')}</th>
                  <th scope="col">{t('common.status')}</th>
                  <th scope="col">{t('admin.progress')}</th>
                  <th scope="col">{t('admin.queuedAt')}</th>
                  <th scope="col">
                    <span className="visually-hidden">{t('common.actions')}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((job) => (
                  <JobRow key={job.id} job={job} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </ListState>
    </>
  );
}
