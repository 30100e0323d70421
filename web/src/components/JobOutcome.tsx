import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconRefresh, IconX } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { render } from '../api/endpoints';
import { ApiError, errorDetail, errorMessage } from '../api/errors';
import type { RenderJob } from '../api/types';
import { useI18n } from '../i18n';
import { isEnded, queries, queryClient, refreshJobLists } from '../queries';
import { say } from '../say';
import { FilmPlayer } from './FilmPlayer';
import { JobProgress } from './JobProgress';

type JobOutcomeProps = { job: RenderJob; connected: boolean; onRetried: (job: RenderJob) => void };

/** A film from the queue to the player: progress with cancel, the film, or why there is none. */
export function JobOutcome({ job, connected, onRetried }: JobOutcomeProps) {
  const { t } = useI18n();
  const cancel = useMutation({
    mutationFn: () => render.cancel(job.id),
    // the answer may be the job or nothing: asking is right either way
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queries.renderJob(job.id).queryKey }),
    onError: say.failed,
  });
  const retry = useMutation({
    mutationFn: () => render.retry(job.id),
    onSuccess: (next) => {
      // the answer may be the job as it was asked for, without what the farm adds
      void queryClient.invalidateQueries({ queryKey: queries.renderJob(next.id).queryKey });
      void refreshJobLists();
      onRetried(next);
    },
    onError: say.failed,
  });
  if (job.status === 'completed') return <FilmPlayer job={job} />;
  if (job.status === 'failed' || job.status === 'canceled') {
    const failure = new ApiError(422, {
      code: job.error_code ?? undefined,
      detail: job.error_message ?? undefined,
    });
    return (
      <Stack gap="sm">
        <Alert
          color={job.status === 'failed' ? 'red' : 'gray'}
          title={job.status === 'failed' ? t('render.failed') : undefined}
          data-testid="job-failure"
        >
          <Text size="sm" dir="auto">
            {job.status === 'failed' ? errorMessage(failure) : t('render.canceledNote')}
          </Text>
          {job.status === 'failed' && errorDetail(failure) !== null && (
            <Text size="xs" mt={6} dir="auto" data-testid="job-failure-detail" style={{ overflowWrap: 'anywhere' }}>
              {errorDetail(failure)}
            </Text>
          )}
        </Alert>
        <Group>
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} aria-hidden />}
            loading={retry.isPending}
            onClick={() => retry.mutate()}
            data-testid="render-retry"
          >
            {t('render.retry')}
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <Stack gap="sm">
      <JobProgress job={job} />
      {!connected && (
        <Text size="xs" c="dimmed" role="status">
          {t('render.reconnecting')}
        </Text>
      )}
      <Group justify="space-between">
        <Text size="xs" c="dimmed">
          {t('render.closeHint')}
        </Text>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconX size={14} aria-hidden />}
          disabled={job.status === 'canceling' || isEnded(job)}
          loading={cancel.isPending}
          onClick={() => cancel.mutate()}
          data-testid="render-cancel"
        >
          {t('render.cancel')}
        </Button>
      </Group>
    </Stack>
  );
}
