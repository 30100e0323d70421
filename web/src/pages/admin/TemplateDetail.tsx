import { Alert, Button, Group, List, Text } from '@mantine/core';
import { IconArchive, IconArrowRight, IconExternalLink, IconFileImport, IconPhotoSpark } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { adminContent, adminRender } from '../../api/endpoints';
import type { AdminProject } from '../../api/types';
import { ErrorState } from '../../components/ErrorState';
import { SkeletonRows, useSlow } from '../../components/ListState';
import { PageHeader } from '../../components/PageHeader';
import { formatNumber } from '../../format/digits';
import { localized, useI18n } from '../../i18n';
import { queries, queryClient } from '../../queries';
import { say } from '../../say';
import film from '../Film.module.css';
import classes from './Admin.module.css';
import { ImportButton } from './ImportButton';
import { imported } from './importing';
import { MissingFiles } from './MissingFiles';
import { ProjectReport } from './ProjectReport';
import { PublishButton } from './PublishButton';
import { SceneRow } from './SceneRow';
import { SvgPreviews } from './SvgPreviews';
import { TemplateFlags } from './TemplateFlags';
import { TemplateStatus } from './Templates';

const route = getRouteApi('/signed-in/shell/admin/templates/$projectId');

async function refresh(id: string) {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: queries.adminProject(id).queryKey }),
    queryClient.invalidateQueries({ queryKey: queries.adminProjects.queryKey }),
    queryClient.invalidateQueries({ queryKey: ['projects'] }),
    queryClient.invalidateQueries({ queryKey: ['project'] }),
  ]);
}

function Actions({ project }: { project: AdminProject }) {
  const { t } = useI18n();
  const archive = useMutation({
    mutationFn: () => adminContent.archive(project.id, project.row_version),
    onSuccess: () => {
      say.done(t('admin.archived'));
      return refresh(project.id);
    },
    onError: say.failed,
  });
  return (
    <Group>
      {project.status === 'published' && (
        <Button
          component={Link}
          to="/templates/$projectId"
          params={{ projectId: project.slug } as never}
          variant="subtle"
          leftSection={<IconExternalLink size={16} aria-hidden />}
        >
          {t('admin.openInGallery')}
        </Button>
      )}
      <ImportButton
        label={t('admin.newVersion')}
        icon={<IconFileImport size={16} aria-hidden />}
        variant="default"
        take={async (fileId, onConverting) => {
          await imported(await adminContent.importVersion(project.id, fileId), onConverting);
          say.done(t('admin.versionImported'));
          await refresh(project.id);
        }}
        testId="admin-new-version"
      />
      {project.status !== 'archived' && (
        <Button
          variant="default"
          leftSection={<IconArchive size={16} aria-hidden />}
          loading={archive.isPending}
          onClick={() => archive.mutate()}
          data-testid="admin-archive"
        >
          {t('admin.archive')}
        </Button>
      )}
      {(project.status !== 'published' || project.published_version_id !== project.version_id) && (
        <PublishButton project={project} onPublished={() => refresh(project.id)} />
      )}
    </Group>
  );
}

/** The scenes with their thumbnails; asks every second while preview jobs are open, and shows each picture as it comes. */
function SceneTable({ project }: { project: AdminProject }) {
  const { t, locale } = useI18n();
  const snapshots = useQuery(queries.sceneSnapshots(project.id));
  const build = useMutation({
    mutationFn: () => adminRender.buildSceneSnapshots(project.id),
    onSuccess: async () => {
      say.done(t('admin.previewsQueued'));
      await queryClient.invalidateQueries({ queryKey: queries.sceneSnapshots(project.id).queryKey });
    },
    onError: say.failed,
  });
  const jobs = snapshots.data?.items ?? [];
  const jobOf = (sceneId: string) => jobs.find((job) => job.scene_id === sceneId);
  const open = jobs.filter((job) => job.status === 'queued' || job.status === 'running').length;
  return (
    <div>
      <div className={classes.bar}>
        <div>
          <Text component="h2" fw={700} size="lg">
            {t('admin.sceneTable')}
          </Text>
          <Text size="sm" c="dimmed" role="status" data-testid="previews-state" data-open={open}>
            {open > 0
              ? t('admin.previewsOpen', {
                  done: formatNumber(jobs.filter((job) => job.status === 'done').length, locale),
                  total: formatNumber(jobs.length, locale),
                })
              : t('common.scenes', { count: project.scenes.length, n: formatNumber(project.scenes.length, locale) })}
          </Text>
        </div>
        <Button
          leftSection={<IconPhotoSpark size={18} aria-hidden />}
          loading={build.isPending}
          onClick={() => build.mutate()}
          data-testid="build-scene-previews"
        >
          {t('admin.buildPreviews')}
        </Button>
      </div>
      {snapshots.isError && <ErrorState error={snapshots.error} retry={() => void snapshots.refetch()} />}
      <div className={classes.scroll} role="region" aria-label={t('admin.sceneTable')} tabIndex={0}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">{t('admin.thumbnail')}</th>
              <th scope="col">{t('admin.sceneTitle')}</th>
              <th scope="col">{t('admin.sceneKey')}</th>
              {project.source && <th scope="col">{t('admin.drawnBy')}</th>}
              <th scope="col">{t('common.duration')}</th>
              <th scope="col">{t('admin.snapshotFrame')}</th>
              <th scope="col">{t('admin.jobState')}</th>
            </tr>
          </thead>
          <tbody>
            {project.scenes.map((scene) => (
              <SceneRow key={scene.id} scene={scene} project={project} job={jobOf(scene.id)} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

export function AdminTemplate() {
  const { t, locale } = useI18n();
  const { projectId } = route.useParams();
  const query = useQuery(queries.adminProject(projectId));
  const slow = useSlow(query.isPending);
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return slow ? <SkeletonRows rows={5} height={70} /> : null;
  const project = query.data;
  return (
    <>
      <Button
        component={Link}
        to="/admin/templates"
        variant="subtle"
        color="gray"
        size="compact-sm"
        mb="sm"
        leftSection={<IconArrowRight size={16} className={film.back} aria-hidden />}
      >
        {t('admin.backToTemplates')}
      </Button>
      <PageHeader title={localized(project.title, locale)} lead={localized(project.description, locale)}>
        <Actions project={project} />
      </PageHeader>
      <Group mb="lg">
        <TemplateStatus status={project.status} />
        <Text size="sm" c="dimmed" className="ltr">
          {project.slug}
        </Text>
      </Group>
      <TemplateFlags projectId={project.id} />
      {project.warnings.length > 0 && (
        <Alert color="#8f3a00" title={t('admin.warnings')} mb="xl" data-testid="import-warnings">
          <List size="sm">
            {project.warnings.map((warning) => {
              const text = [warning.where, warning.detail].filter(Boolean).join(': ');
              return (
                <List.Item key={text} dir="auto">
                  {text}
                </List.Item>
              );
            })}
          </List>
        </Alert>
      )}
      {project.source && <MissingFiles project={project} source={project.source} onDone={() => refresh(project.id)} />}
      <SceneTable project={project} />
      {project.source && <ProjectReport project={project} />}
      <SvgPreviews project={project} />
    </>
  );
}
