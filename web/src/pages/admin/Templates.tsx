import { IconFileImport, IconTemplate } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { adminContent } from '../../api/endpoints';
import type { ProjectStatus, ProjectSummary } from '../../api/types';
import { artOf } from '../../components/art';
import { EmptyState } from '../../components/EmptyState';
import { ListState } from '../../components/ListState';
import { PageHeader } from '../../components/PageHeader';
import { Picture } from '../../components/Picture';
import { StatusBadge } from '../../components/StatusBadge';
import { formatNumber } from '../../format/digits';
import { formatClock } from '../../format/time';
import { localized, textFor, useI18n } from '../../i18n';
import { queries, queryClient } from '../../queries';
import { say } from '../../say';
import classes from './Admin.module.css';
import { ImportButton } from './ImportButton';
import { imported } from './importing';
import { Imports } from './Imports';
import { FlagBadge } from './TemplateFlags';

const TONES = { draft: 'warn', published: 'good', archived: 'quiet' } as const;

export function TemplateStatus({ status }: { status: ProjectStatus | undefined }) {
  const { t } = useI18n();
  if (!status) return null;
  return (
    <StatusBadge tone={TONES[status]} testId="template-status">
      {t(`admin.status.${status}`)}
    </StatusBadge>
  );
}

function Row({ project }: { project: ProjectSummary }) {
  const { t, locale } = useI18n();
  return (
    <tr data-testid="admin-template-row">
      <td>
        <div className={classes.name}>
          <span className={classes.cover}>
            <Picture src={project.cover_url} alt="" art={artOf(project.slug, localized(project.title, locale))} />
          </span>
          <Link to="/admin/templates/$projectId" params={{ projectId: project.id }}>
            {localized(project.title, locale)}
          </Link>
        </div>
      </td>
      <td className={classes.muted}>{textFor(`category.${project.category}`) ?? project.category ?? '—'}</td>
      <td>{t('common.scenes', { count: project.scene_count, n: formatNumber(project.scene_count, locale) })}</td>
      <td>
        <span className="ltr">{formatClock((project.duration_frames ?? 0) / project.fps, locale)}</span>
      </td>
      <td>
        <TemplateStatus status={project.status} /> <FlagBadge projectId={project.id} />
      </td>
    </tr>
  );
}

export function AdminTemplates() {
  const { t, locale } = useI18n();
  const navigate = useNavigate();
  const list = useInfiniteQuery(queries.adminProjects);
  const take = async (fileId: string, onConverting: () => void) => {
    const answer = await adminContent.importPackage(fileId);
    const ended = () => queryClient.invalidateQueries({ queryKey: queries.adminImports.queryKey });
    void ended();
    const projectId = await imported(answer, onConverting).finally(ended);
    const project = await adminContent.one(projectId);
    say.done(t('admin.imported', { title: localized(project.title, locale) }));
    void queryClient.invalidateQueries({ queryKey: queries.adminProjects.queryKey });
    await navigate({ to: '/admin/templates/$projectId', params: { projectId: project.id } });
  };
  const button = (
    <ImportButton
      label={t('admin.import')}
      icon={<IconFileImport size={18} aria-hidden />}
      take={take}
      testId="admin-import"
    />
  );
  return (
    <>
      <PageHeader title={t('admin.templates')} lead={t('admin.importHint')}>
        {button}
      </PageHeader>
      <Imports />
      <ListState
        query={list}
        empty={<EmptyState icon={<IconTemplate size={30} stroke={1.4} />} text={t('admin.templatesEmpty')} />}
      >
        {(items) => (
          <div className={classes.scroll} role="region" aria-label={t('admin.templates')} tabIndex={0}>
            <table className={classes.table}>
              <thead>
                <tr>
                  <th scope="col">{t('admin.template')}</th>
                  <th scope="col">{t('admin.category')}</th>
                  <th scope="col">{t('template.scenes')}</th>
                  <th scope="col">{t('common.duration')}</th>
                  <th scope="col">{t('common.status')}</th>
                </tr>
              </thead>
              <tbody>
                {items.map((project) => (
                  <Row key={project.id} project={project} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </ListState>
    </>
  );
}
