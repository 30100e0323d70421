import { Button, Checkbox, Group, Modal, Stack, Text } from '@mantine/core';
import { IconMovie } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useStore } from 'zustand';
import { newKey } from '../../api/client';
import { studio } from '../../api/endpoints';
import type { OutputProfile, RenderJob } from '../../api/types';
import { ErrorState } from '../../components/ErrorState';
import { JobOutcome } from '../../components/JobOutcome';
import { JobStatus } from '../../components/JobProgress';
import { FILE_ENDING, groupOf, profileHint, profileName, type ProfileGroup } from '../../components/profileText';
import { filmFrames } from '../../editor/film';
import { formatNumber } from '../../format/digits';
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

const USUAL_PROFILE = '1080p';
const GROUPS: readonly ProfileGroup[] = ['video', 'web', 'edit'];

type ProfileChoiceProps = {
  group: ProfileGroup;
  profiles: OutputProfile[];
  chosen: string;
  choose: (key: string) => void;
};

function ProfileChoice({ group, profiles, chosen, choose }: ProfileChoiceProps) {
  const { t, locale } = useI18n();
  if (profiles.length === 0) return null;
  return (
    <fieldset className={choice.set}>
      <legend className={choice.legend}>{t(`render.group.${group}`)}</legend>
      <div className={classes.profiles}>
        {profiles.map((item) => (
          <label key={item.key} className={choice.card} data-testid={`profile-${item.key}`}>
            <input
              type="radio"
              name="profile"
              className="visually-hidden"
              value={item.key}
              checked={item.key === chosen}
              onChange={() => choose(item.key)}
            />
            <span className={choice.cardText}>
              <strong>{profileName(item.key, item, locale)}</strong>
              <span>{profileHint(item.key)}</span>
              <span className={classes.facts}>
                {[
                  FILE_ENDING[item.container],
                  item.has_sound ? null : t('render.silent'),
                  item.has_watermark ? t('render.watermarked') : null,
                ]
                  .filter((fact) => fact !== null)
                  .join(' · ')}
              </span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

const MOST_MORE = 5;

type MoreChoiceProps = {
  profiles: OutputProfile[];
  chosen: readonly string[];
  choose: (keys: string[]) => void;
};

/** Further files that the same film is made as, and where they all go. */
function MoreOutputs({ profiles, chosen, choose }: MoreChoiceProps) {
  const { t, locale } = useI18n();
  return (
    <details className={classes.more} data-testid="more-outputs">
      <summary>
        {chosen.length > 0
          ? t('render.moreChosen', { count: formatNumber(chosen.length, locale) })
          : t('render.moreOutputs')}
      </summary>
      <Checkbox.Group value={[...chosen]} onChange={choose} aria-label={t('render.moreOutputs')}>
        <div className={classes.moreList}>
          {profiles.map((item) => (
            <Checkbox
              key={item.key}
              value={item.key}
              label={`${profileName(item.key, item, locale)} · ${FILE_ENDING[item.container]}`}
              disabled={chosen.length >= MOST_MORE && !chosen.includes(item.key)}
              data-testid={`more-${item.key}`}
            />
          ))}
        </div>
      </Checkbox.Group>
    </details>
  );
}

function StartRender({ onStarted }: { onStarted: () => void }) {
  const { t, locale } = useI18n();
  const { documentId, autosave, project, saving } = useWorkbench();
  const profiles = useQuery(queries.outputProfiles);
  const offered = profiles.data ?? [];
  const [wanted, setWanted] = useState(USUAL_PROFILE);
  // the usual one may have been switched off
  const profile = offered.some((item) => item.key === wanted) ? wanted : (offered.at(-1)?.key ?? USUAL_PROFILE);
  const [more, setMore] = useState<string[]>([]);
  const others = offered.filter((item) => item.key !== profile);
  const outputs = more.filter((key) => others.some((item) => item.key === key));
  const targets = useQuery(queries.deliveryTargets).data?.items ?? [];
  const [receivers, setReceivers] = useState<string[] | null>(null);
  const usual = targets.filter((target) => target.is_default).map((target) => target.id);
  const film = useEditor((state) => state.film);
  const state = useStore(saving, (status) => status.state);
  const start = useMutation({
    mutationFn: async () => {
      if (!(await autosave.flush())) return null;
      return studio.render(documentId, { profile, outputs, ...(receivers && { deliver_to: receivers }) }, newKey());
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
      {profiles.isError && <ErrorState error={profiles.error} retry={() => void profiles.refetch()} />}
      {GROUPS.map((group) => (
        <ProfileChoice
          key={group}
          group={group}
          profiles={offered.filter((item) => groupOf(item) === group)}
          chosen={profile}
          choose={setWanted}
        />
      ))}
      {others.length > 0 && <MoreOutputs profiles={others} chosen={outputs} choose={setMore} />}
      {targets.length > 0 && (
        <Checkbox.Group
          label={t('render.deliverTo')}
          value={receivers ?? usual}
          onChange={setReceivers}
          data-testid="deliver-to"
        >
          <Group mt="xs">
            {targets.map((target) => (
              <Checkbox key={target.id} value={target.id} label={target.name} />
            ))}
          </Group>
        </Checkbox.Group>
      )}
      <Group justify="space-between" className={classes.start}>
        <Text size="sm" c="dimmed">
          {t('common.duration')}: <bdi>{formatClock(filmFrames(project, film) / project.fps, locale)}</bdi>
          {state === 'saving' && start.isPending ? ` · ${t('render.saveFirst')}` : ''}
        </Text>
        <Button
          size="md"
          leftSection={<IconMovie size={18} aria-hidden />}
          loading={start.isPending}
          disabled={offered.length === 0}
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
      size={shown?.status === 'completed' ? 820 : 640}
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
