import { Button, Group } from '@mantine/core';
import { IconArrowRight, IconPencil } from '@tabler/icons-react';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { ErrorState } from '../components/ErrorState';
import { JobOutcome } from '../components/JobOutcome';
import { JobOutputs } from '../components/JobOutputs';
import { JobStatus } from '../components/JobProgress';
import { SkeletonRows, useSlow } from '../components/ListState';
import { PageHeader } from '../components/PageHeader';
import { profileName } from '../components/profileText';
import { RerenderButton } from '../components/RerenderButton';
import { isolated } from '../format/digits';
import { formatDateTime } from '../format/time';
import { useI18n } from '../i18n';
import { isEnded } from '../queries';
import { useJob } from '../useJob';
import classes from './Film.module.css';

const route = getRouteApi('/signed-in/shell/films/$jobId');

export function Film() {
  const { t, locale } = useI18n();
  const { jobId } = route.useParams();
  const navigate = useNavigate();
  const job = useJob(jobId);
  const slow = useSlow(job.isPending);
  if (job.isError) return <ErrorState error={job.error} retry={() => void job.refetch()} />;
  if (!job.data) return slow ? <SkeletonRows rows={1} height={420} /> : null;
  return (
    <div className={classes.page}>
      <Button
        component={Link}
        to="/films"
        variant="subtle"
        color="gray"
        size="compact-sm"
        mb="md"
        leftSection={<IconArrowRight size={16} className={classes.back} aria-hidden />}
      >
        {t('render.backToFilms')}
      </Button>
      <PageHeader
        title={job.data.title}
        lead={[profileName(job.data.profile), formatDateTime(job.data.queued_at, locale)].map(isolated).join(' · ')}
      >
        <Group>
          <JobStatus status={job.data.status} />
          {isEnded(job.data) && (
            <RerenderButton
              job={job.data}
              onMade={(next) => void navigate({ to: '/films/$jobId', params: { jobId: next.id } })}
            />
          )}
          {job.data.saved_project_id && (
            <Button
              component={Link}
              to="/studio/$documentId"
              params={{ documentId: job.data.saved_project_id } as never}
              variant="default"
              leftSection={<IconPencil size={16} aria-hidden />}
            >
              {t('films.openProject')}
            </Button>
          )}
        </Group>
      </PageHeader>
      <JobOutcome
        job={job.data}
        connected={job.connected}
        onRetried={(next) => void navigate({ to: '/films/$jobId', params: { jobId: next.id } })}
      />
      <JobOutputs job={job.data} />
    </div>
  );
}
