import { Button, Group } from '@mantine/core';
import { IconFileDownload } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { exports } from '../api/endpoints';
import type { ExportFile } from '../api/types';
import { artOf } from '../components/art';
import { deleteWithUndo } from '../components/deleteWithUndo';
import { EmptyState } from '../components/EmptyState';
import { ExportActions, refreshExports } from '../components/ExportActions';
import { ExportState } from '../components/ExportState';
import { ListState } from '../components/ListState';
import { PageHeader } from '../components/PageHeader';
import { Picture } from '../components/Picture';
import { profileName } from '../components/profileText';
import { localDigits } from '../format/digits';
import { formatBytes, formatClock, formatDate } from '../format/time';
import { useI18n } from '../i18n';
import { queries } from '../queries';
import { say } from '../say';
import classes from './Films.module.css';

function ExportRow({ file, remove }: { file: ExportFile; remove: () => void }) {
  const { t, locale } = useI18n();
  const facts = [
    file.width && file.height ? localDigits(`${file.width}×${file.height}`, locale) : null,
    file.duration_ms ? formatClock(file.duration_ms / 1000, locale) : null,
    file.bytes ? formatBytes(file.bytes, locale) : null,
    formatDate(file.created_at, locale),
  ].filter((fact): fact is string => fact !== null);
  return (
    <li className={classes.row} data-testid="export-row" data-status={file.status}>
      <Picture src={file.poster_url} alt="" className={classes.poster} art={artOf(file.saved_project_id, file.title)} />
      <div className={classes.text}>
        <div className={classes.head}>
          <h2 className={classes.title}>
            <Link to="/films/$jobId" params={{ jobId: file.render_job_id }}>
              <bdi>{file.title}</bdi>
            </Link>
          </h2>
          <ExportState file={file} />
        </div>
        <p className={classes.meta}>
          <bdi>{profileName(file.profile, undefined, locale)}</bdi>
          {facts.map((fact) => (
            <span key={fact}>
              {' · '}
              <bdi>{fact}</bdi>
            </span>
          ))}
        </p>
        {file.status === 'failed' && <p className={classes.meta}>{t('exports.couldNot')}</p>}
      </div>
      <Group gap="xs" wrap="nowrap">
        <ExportActions file={file} jobId={file.render_job_id} title={file.title} remove={remove} />
      </Group>
    </li>
  );
}

export function Exports() {
  const { t } = useI18n();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const list = useInfiniteQuery({
    ...queries.exports,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some((file) => file.status === 'pending')) ? 4000 : false,
  });
  const remove = (file: ExportFile) => {
    const show = (shown: boolean) =>
      setHidden((before) => {
        const next = new Set(before);
        if (shown) next.delete(file.id);
        else next.add(file.id);
        return next;
      });
    deleteWithUndo(t('exports.deleted', { title: file.title }), {
      hide: () => show(false),
      restore: () => show(true),
      commit: (leaving) => {
        exports.remove(file.id, leaving).then(
          () => refreshExports(file.render_job_id),
          (error: unknown) => {
            show(true);
            say.failed(error);
          },
        );
      },
    });
  };
  return (
    <>
      <PageHeader title={t('exports.title')} lead={t('exports.lead')} />
      <ListState
        query={list}
        rowHeight={96}
        empty={
          <EmptyState
            icon={<IconFileDownload size={30} stroke={1.4} />}
            text={t('exports.empty')}
            action={
              <Button component={Link} to="/films">
                {t('exports.emptyAction')}
              </Button>
            }
          />
        }
      >
        {(items) => (
          <ul className={classes.list}>
            {items
              .filter((file) => !hidden.has(file.id))
              .map((file) => (
                <ExportRow key={file.id} file={file} remove={() => remove(file)} />
              ))}
          </ul>
        )}
      </ListState>
    </>
  );
}
