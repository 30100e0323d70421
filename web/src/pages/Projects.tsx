import { ActionIcon, Button, Menu, Skeleton } from '@mantine/core';
import { IconCopy, IconDots, IconFolderOpen, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { studio } from '../api/endpoints';
import type { SavedProjectSummary } from '../api/types';
import { artOf } from '../components/art';
import { deleteWithUndo } from '../components/deleteWithUndo';
import { EmptyState } from '../components/EmptyState';
import { ListState } from '../components/ListState';
import { PageHeader } from '../components/PageHeader';
import { Picture } from '../components/Picture';
import { formatAgo } from '../format/time';
import { useI18n } from '../i18n';
import { queries, queryClient } from '../queries';
import { say } from '../say';
import classes from './Projects.module.css';

const refresh = () => queryClient.invalidateQueries({ queryKey: queries.savedProjects.queryKey });

function ProjectCard({ project, remove }: { project: SavedProjectSummary; remove: () => void }) {
  const { t, locale } = useI18n();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const duplicate = async () => {
    setBusy(true);
    try {
      await studio.duplicate(project.id);
      say.done(t('projects.duplicated'));
      await refresh();
    } catch (error) {
      say.failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <li className={classes.card} data-testid="project-card">
      <Link
        to="/studio/$documentId"
        params={{ documentId: project.id }}
        className={classes.open}
        aria-label={`${t('common.open')}: ${project.title}`}
      >
        <Picture
          src={project.thumbnail_url}
          alt=""
          className={classes.picture}
          art={artOf(project.project_id, project.title)}
        />
      </Link>
      <div className={classes.row}>
        <div className={classes.text}>
          <h2 className={classes.title}>
            <bdi>{project.title}</bdi>
          </h2>
          <p className={classes.meta}>{t('projects.updated', { when: formatAgo(project.updated_at, locale) })}</p>
        </div>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon
              variant="subtle"
              color="gray"
              loading={busy}
              aria-label={t('projects.actions', { title: project.title })}
              data-testid="project-menu"
            >
              <IconDots size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<IconPencil size={16} aria-hidden />}
              onClick={() => void navigate({ to: '/studio/$documentId', params: { documentId: project.id } })}
            >
              {t('common.open')}
            </Menu.Item>
            <Menu.Item
              leftSection={<IconCopy size={16} aria-hidden />}
              onClick={() => void duplicate()}
              data-testid="project-duplicate"
            >
              {t('common.duplicate')}
            </Menu.Item>
            <Menu.Item
              leftSection={<IconTrash size={16} aria-hidden />}
              color="red"
              onClick={remove}
              data-testid="project-delete"
            >
              {t('common.delete')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
    </li>
  );
}

export function Projects() {
  const { t } = useI18n();
  const list = useInfiniteQuery(queries.savedProjects);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const show = (id: string, visible: boolean) =>
    setHidden((old) => (visible ? new Set([...old].filter((other) => other !== id)) : new Set([...old, id])));
  const remove = (project: SavedProjectSummary) =>
    deleteWithUndo(t('projects.deleted', { title: project.title }), {
      hide: () => show(project.id, false),
      restore: () => show(project.id, true),
      commit: (leaving) => {
        studio
          .remove(project.id, leaving)
          .then(refresh)
          .catch((error: unknown) => {
            show(project.id, true);
            say.failed(error);
          });
      },
    });
  const empty = (
    <EmptyState
      icon={<IconFolderOpen size={30} stroke={1.4} />}
      text={t('projects.empty')}
      action={
        <Button component={Link} to="/">
          {t('projects.emptyAction')}
        </Button>
      }
    />
  );
  return (
    <>
      <PageHeader title={t('projects.title')} lead={t('projects.lead')}>
        <Button component={Link} to="/" leftSection={<IconPlus size={18} aria-hidden />}>
          {t('projects.emptyAction')}
        </Button>
      </PageHeader>
      <ListState
        query={list}
        empty={empty}
        skeleton={
          <div className={classes.grid} role="status" aria-label={t('app.loading')}>
            {Array.from({ length: 4 }, (_, index) => (
              <Skeleton key={index} height={210} radius="lg" />
            ))}
          </div>
        }
      >
        {(items) => {
          const visible = items.filter((project) => !hidden.has(project.id));
          if (visible.length === 0) return empty;
          return (
            <ul className={classes.grid}>
              {visible.map((project) => (
                <ProjectCard key={project.id} project={project} remove={() => remove(project)} />
              ))}
            </ul>
          );
        }}
      </ListState>
    </>
  );
}
