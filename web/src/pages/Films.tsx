import { Button } from '@mantine/core';
import { IconMovie, IconPlayerPlay } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { RenderJob } from '../api/types';
import { artOf } from '../components/art';
import { EmptyState } from '../components/EmptyState';
import { JobProgress, JobStatus } from '../components/JobProgress';
import { ListState } from '../components/ListState';
import { PageHeader } from '../components/PageHeader';
import { profileName } from '../components/profileText';
import { Picture } from '../components/Picture';
import { localDigits } from '../format/digits';
import { formatAgo, formatBytes, formatClock } from '../format/time';
import { useI18n } from '../i18n';
import { isEnded, queries } from '../queries';
import classes from './Films.module.css';

function FilmRow({ job }: { job: RenderJob }) {
  const { t, locale } = useI18n();
  const facts = [
    profileName(job.profile),
    job.export?.duration_ms ? formatClock(job.export.duration_ms / 1000, locale) : null,
    job.export ? formatBytes(job.export.bytes, locale) : null,
    job.width && job.height && !job.export ? localDigits(`${job.width}×${job.height}`, locale) : null,
  ].filter((fact): fact is string => fact !== null);
  return (
    <li className={classes.row} data-testid="film-row">
      <Picture
        src={job.export?.poster_url}
        alt=""
        className={classes.poster}
        art={artOf(job.saved_project_id, job.title)}
      />
      <div className={classes.text}>
        <div className={classes.head}>
          <h2 className={classes.title}>
            <Link to="/films/$jobId" params={{ jobId: job.id }}>
              <bdi>{job.title}</bdi>
            </Link>
          </h2>
          <JobStatus status={job.status} />
        </div>
        <p className={classes.meta}>
          {t('films.started', { when: formatAgo(job.queued_at, locale) })}
          {facts.map((fact) => (
            <span key={fact}>
              {' · '}
              <bdi>{fact}</bdi>
            </span>
          ))}
        </p>
        <JobProgress job={job} />
      </div>
      <Button
        component={Link}
        to="/films/$jobId"
        params={{ jobId: job.id } as never}
        variant={job.status === 'completed' ? 'filled' : 'default'}
        leftSection={job.status === 'completed' ? <IconPlayerPlay size={16} aria-hidden /> : undefined}
        aria-label={`${job.status === 'completed' ? t('films.watch') : t('common.open')}: ${job.title}`}
      >
        {job.status === 'completed' ? t('films.watch') : t('common.open')}
      </Button>
    </li>
  );
}

export function Films() {
  const { t } = useI18n();
  const list = useInfiniteQuery({
    ...queries.renderJobs,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some((job) => !isEnded(job))) ? 5000 : false,
  });
  return (
    <>
      <PageHeader title={t('films.title')} lead={t('films.lead')} />
      <ListState
        query={list}
        rowHeight={96}
        empty={
          <EmptyState
            icon={<IconMovie size={30} stroke={1.4} />}
            text={t('films.empty')}
            action={
              <Button component={Link} to="/projects">
                {t('films.emptyAction')}
              </Button>
            }
          />
        }
      >
        {(items) => (
          <ul className={classes.list}>
            {items.map((job) => (
              <FilmRow key={job.id} job={job} />
            ))}
          </ul>
        )}
      </ListState>
    </>
  );
}
