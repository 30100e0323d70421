import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { IconMovie } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useStore } from 'zustand';
import { newKey } from '../../api/client';
import { studio } from '../../api/endpoints';
import { RENDER_PROFILES, type RenderJob, type RenderProfile } from '../../api/types';
import { ErrorState } from '../../components/ErrorState';
import { JobOutcome } from '../../components/JobOutcome';
import { JobStatus } from '../../components/JobProgress';
import { filmFrames } from '../../editor/film';
import { formatClock } from '../../format/time';
import { useI18n } from '../../i18n';
import { freshJob, isEnded, queries, refreshJobLists, rememberJob } from '../../queries';
import { say } from '../../say';
import { useJob } from '../../useJob';
import choice from '../../components/Choice.module.css';
import { useEditor, useWorkbench } from './context';
import classes from './RenderDialog.module.css';

/** The newest render job of this document, also after a reload. */
export function useDocumentJob(documentId: string) {
  const list = useQuery({ ...queries.documentJobs(documentId), staleTime: 0 });
  const newest = list.data?.items.reduce<RenderJob | null>(
    (best, job) => (best === null || job.queued_at > best.queued_at ? job : best),
    null,
  );
  return useJob(newest?.id ?? null);
}

function StartRender({ onStarted }: { onStarted: () => void }) {
  const { t, locale } = useI18n();
  const { documentId, autosave, project, saving } = useWorkbench();
  const [profile, setProfile] = useState<RenderProfile>('1080p');
  const film = useEditor((state) => state.film);
  const state = useStore(saving, (status) => status.state);
  const start = useMutation({
    mutationFn: async () => {
      if (!(await autosave.flush())) return null;
      return studio.render(documentId, profile, newKey());
    },
    onSuccess: async (job) => {
      if (job === null) {
        say.warn(t('render.notReadyYet'));
        return;
      }
      rememberJob(freshJob(job));
      await refreshJobLists();
      onStarted();
    },
    onError: say.failed,
  });
  return (
    <Stack gap="lg">
      <fieldset className={choice.set}>
        <legend className={choice.legend}>{t('render.choose')}</legend>
        <div className={classes.profiles}>
          {RENDER_PROFILES.map((item) => (
            <label key={item} className={choice.card} data-testid={`profile-${item}`}>
              <input
                type="radio"
                name="profile"
                className="visually-hidden"
                value={item}
                checked={item === profile}
                onChange={() => setProfile(item)}
              />
              <span className={choice.cardText}>
                <strong>{t(`render.profile.${item}`)}</strong>
                <span>{t(`render.profile.${item}.hint`)}</span>
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {t('common.duration')}: <bdi>{formatClock(filmFrames(project, film) / project.fps, locale)}</bdi>
          {state === 'saving' && start.isPending ? ` · ${t('render.saveFirst')}` : ''}
        </Text>
        <Button
          size="md"
          leftSection={<IconMovie size={18} aria-hidden />}
          loading={start.isPending}
          onClick={() => start.mutate()}
          data-testid="render-start"
          data-autofocus
        >
          {t('render.start')}
        </Button>
      </Group>
    </Stack>
  );
}

type RenderDialogProps = { opened: boolean; onClose: () => void; job: ReturnType<typeof useJob> };

export function RenderDialog({ opened, onClose, job }: RenderDialogProps) {
  const { t } = useI18n();
  // the id of the job after which another render was asked for: that one is no longer of interest
  const [after, setAfter] = useState<string | null>(null);
  const shown = job.data && job.data.id !== after ? job.data : null;
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size={shown?.status === 'completed' ? 820 : 560}
      title={shown?.status === 'completed' ? t('render.ready') : t('render.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <div data-testid="render-dialog">
        {job.isError && <ErrorState error={job.error} retry={() => void job.refetch()} />}
        {shown ? (
          <Stack gap="md">
            <Group justify="space-between">
              <Text fw={650} dir="auto">
                {shown.title}
              </Text>
              <JobStatus status={shown.status} />
            </Group>
            <JobOutcome job={shown} connected={job.connected} onRetried={() => setAfter(null)} />
            {isEnded(shown) && (
              <Group>
                <Button variant="default" onClick={() => setAfter(shown.id)} data-testid="render-again">
                  {t('render.again')}
                </Button>
                <Button variant="subtle" component={Link} to="/films">
                  {t('render.backToFilms')}
                </Button>
              </Group>
            )}
          </Stack>
        ) : (
          !job.isError && <StartRender onStarted={() => setAfter(null)} />
        )}
      </div>
    </Modal>
  );
}
