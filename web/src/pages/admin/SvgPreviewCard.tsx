import { ActionIcon, Button, FileButton, Group, Loader } from '@mantine/core';
import { IconCamera, IconTrash, IconUpload } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type DragEvent } from 'react';
import { adminContent } from '../../api/endpoints';
import type { AdminProject, Colors, Scene, SvgPreviewSummary, TraceDetail } from '../../api/types';
import { upload } from '../../api/upload';
import { Picture } from '../../components/Picture';
import { TracedPicture } from '../../components/TracedPicture';
import { formatNumber } from '../../format/digits';
import { useI18n } from '../../i18n';
import { queries, queryClient, refreshSvgPreviews } from '../../queries';
import { say } from '../../say';
import classes from './Admin.module.css';
import { SvgGroups } from './SvgGroups';

const ACCEPT = 'image/png,image/jpeg,image/webp,image/svg+xml';

type SvgPreviewCardProps = {
  project: AdminProject;
  /** Null: the whole template. */
  scene: Scene | null;
  title: string;
  listed: SvgPreviewSummary | undefined;
  palette: Colors;
  options: { colors: number; detail: TraceDetail };
};

async function sourceOf(file: File): Promise<{ svg: string } | { file_id: string }> {
  const isSvg = file.type === 'image/svg+xml' || file.name.toLowerCase().endsWith('.svg');
  return isSvg ? { svg: await file.text() } : { file_id: (await upload(file, 'user_media')).id };
}

/** One scene: drop a picture or take its snapshot, see it in the colours chosen, correct what its colours follow. */
export function SvgPreviewCard({ project, scene, title, listed, palette, options }: SvgPreviewCardProps) {
  const { t, locale } = useI18n();
  const [over, setOver] = useState(false);
  const [marked, setMarked] = useState<number | null>(null);
  const loaded = useQuery({ ...queries.adminSvgPreview(listed?.id ?? ''), enabled: listed !== undefined });
  const preview = listed && loaded.data;
  const trace = useMutation({
    mutationFn: async (file: File | null) => {
      const source = file ? await sourceOf(file) : { snapshot: true };
      return adminContent.trace(project.id, { scene_id: scene?.id ?? null, ...source, ...options });
    },
    onSuccess: async (made) => {
      queryClient.setQueryData(queries.adminSvgPreview(made.id).queryKey, made);
      await refreshSvgPreviews(project.id);
      if (made.reduced) say.warn(t('admin.traceReduced'));
    },
    onError: say.failed,
  });
  const remove = useMutation({
    mutationFn: (id: string) => adminContent.deleteSvgPreview(id),
    onSuccess: () => refreshSvgPreviews(project.id),
    onError: say.failed,
  });
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file && !trace.isPending) trace.mutate(file);
  };
  const key = scene?.key ?? 'whole';
  return (
    <li
      className={classes.preview}
      data-over={over || undefined}
      data-testid={`svg-preview-${key}`}
      data-state={trace.isPending ? 'tracing' : preview ? 'ready' : 'empty'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <h3 className={classes.previewTitle}>{title}</h3>
      {preview ? (
        <TracedPicture
          preview={preview}
          palette={palette}
          alt={t('admin.tracedAlt', { title })}
          marked={marked}
          testId={`svg-drawing-${key}`}
        />
      ) : (
        <Picture
          src={scene?.snapshot_url ?? null}
          alt={t('admin.untracedAlt', { title })}
          className={classes.untraced}
        />
      )}
      <p className={classes.previewNote} role="status">
        {trace.isPending ? (
          <>
            <Loader size={12} aria-hidden /> {t('admin.tracingOne')}
          </>
        ) : preview ? (
          t('admin.previewFacts', {
            groups: formatNumber(preview.groups.length, locale),
            paths: formatNumber(preview.path_count, locale),
            size: formatNumber(Math.ceil(preview.bytes / 1024), locale),
          })
        ) : (
          t('admin.dropPicture')
        )}
      </p>
      <Group gap="xs">
        {scene?.snapshot_url && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconCamera size={14} aria-hidden />}
            disabled={trace.isPending}
            onClick={() => trace.mutate(null)}
            aria-label={t('admin.fromSnapshotOf', { title })}
            data-testid={`trace-snapshot-${key}`}
          >
            {t('admin.fromSnapshot')}
          </Button>
        )}
        <FileButton
          onChange={(file) => file && trace.mutate(file)}
          accept={ACCEPT}
          inputProps={{ 'data-testid': `trace-file-${key}`, 'aria-label': title, tabIndex: -1 } as object}
        >
          {(props) => (
            <Button
              {...props}
              size="compact-sm"
              variant="default"
              leftSection={<IconUpload size={14} aria-hidden />}
              disabled={trace.isPending}
              aria-label={t('admin.choosePictureOf', { title })}
            >
              {t('admin.choosePicture')}
            </Button>
          )}
        </FileButton>
        {preview && (
          <ActionIcon
            variant="subtle"
            color="gray"
            ms="auto"
            loading={remove.isPending}
            onClick={() => remove.mutate(preview.id)}
            aria-label={t('admin.deletePreviewOf', { title })}
            data-testid={`delete-preview-${key}`}
          >
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        )}
      </Group>
      {preview && (
        <SvgGroups
          preview={preview}
          project={project}
          palette={palette}
          mark={setMarked}
          testId={`svg-groups-${key}`}
        />
      )}
    </li>
  );
}
