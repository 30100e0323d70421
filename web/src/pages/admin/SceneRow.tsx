import { Loader, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type KeyboardEvent } from 'react';
import { adminContent } from '../../api/endpoints';
import type { AdminProject, Scene, SceneSnapshotJob } from '../../api/types';
import { Picture } from '../../components/Picture';
import { StatusBadge } from '../../components/StatusBadge';
import { formatNumber, localDigits, parseNumber } from '../../format/digits';
import { localized, useI18n } from '../../i18n';
import { queries, queryClient } from '../../queries';
import { say } from '../../say';
import classes from './Admin.module.css';
import { EngineBadge } from './EngineBadge';

const TONES = { queued: 'quiet', running: 'busy', done: 'good', error: 'bad' } as const;

function SnapshotFrame({ scene, project, title }: { scene: Scene; project: AdminProject; title: string }) {
  const { t, locale } = useI18n();
  const [typed, setTyped] = useState<string | null>(null);
  const last = scene.duration_frames - 1;
  const wanted = typed === null ? scene.snapshot_frame : parseNumber(typed);
  const valid = wanted !== null && Number.isInteger(wanted) && wanted >= 0 && wanted <= last;
  const save = useMutation({
    mutationFn: (frame: number) => adminContent.patchScene(scene.id, { snapshot_frame: frame }),
    onSuccess: async () => {
      say.done(t('admin.snapshotFrameSaved'));
      await queryClient.invalidateQueries({ queryKey: queries.adminProject(project.id).queryKey });
      setTyped(null);
    },
    onError: say.failed,
  });
  const commit = () => {
    if (typed === null || save.isPending) return;
    if (!valid || wanted === scene.snapshot_frame) setTyped(null);
    else save.mutate(wanted);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') commit();
    if (event.key === 'Escape') setTyped(null);
  };
  return (
    <TextInput
      size="xs"
      className={classes.frame}
      aria-label={t('admin.snapshotFrameOf', { title })}
      inputMode="numeric"
      value={typed ?? localDigits(String(scene.snapshot_frame), locale)}
      error={valid ? null : t('field.range', { min: formatNumber(0, locale), max: formatNumber(last, locale) })}
      rightSection={save.isPending ? <Loader size={12} /> : undefined}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={onKeyDown}
      attributes={{ input: { dir: 'ltr', 'data-testid': `snapshot-frame-${scene.key}` } }}
    />
  );
}

type SceneRowProps = { scene: Scene; project: AdminProject; job: SceneSnapshotJob | undefined };

export function SceneRow({ scene, project, job }: SceneRowProps) {
  const { t, locale } = useI18n();
  const title = localized(scene.title, locale);
  // the job's picture is newer than the scene that was read before it
  const picture = (job?.status === 'done' ? job.image_url : null) ?? scene.snapshot_url ?? scene.image;
  return (
    <tr data-testid="admin-scene-row" data-scene-key={scene.key}>
      <td className={classes.thumb}>
        <Picture
          src={picture}
          alt={picture ? t('admin.thumbnailAlt', { title }) : t('admin.noThumbnail', { title })}
          testId={`admin-scene-thumbnail-${scene.key}`}
        />
      </td>
      <td>{title}</td>
      <td>
        <code className="ltr">{scene.key}</code>
      </td>
      {project.source && (
        <td>
          <EngineBadge engine={scene.engine} sceneKey={scene.key} />
        </td>
      )}
      <td>
        {t('common.seconds', {
          n: formatNumber(scene.duration_frames / project.fps, locale, { maximumFractionDigits: 2 }),
        })}
      </td>
      <td>
        <SnapshotFrame scene={scene} project={project} title={title} />
      </td>
      <td>
        {job ? (
          <>
            <StatusBadge tone={TONES[job.status]} testId={`admin-scene-job-${scene.key}`}>
              {job.status === 'queued' && scene.engine === 'aerender'
                ? t('admin.job.waits')
                : t(`admin.job.${job.status}`)}
            </StatusBadge>
            {job.error_message && (
              <span className={classes.error} dir="auto">
                {job.error_message}
              </span>
            )}
          </>
        ) : (
          t('admin.job.none')
        )}
      </td>
    </tr>
  );
}
