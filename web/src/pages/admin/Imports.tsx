import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ApiError, errorMessage } from '../../api/errors';
import type { ProjectImport } from '../../api/types';
import { StatusBadge } from '../../components/StatusBadge';
import { formatDateTime } from '../../format/time';
import { useI18n } from '../../i18n';
import { queries, queryClient } from '../../queries';
import classes from './Report.module.css';

const TONES = { queued: 'quiet', running: 'busy', done: 'good', failed: 'bad' } as const;
const DAY_MS = 24 * 3600 * 1000;

function wordsOf(problem: NonNullable<ProjectImport['problem']>): string {
  return errorMessage(new ApiError(422, { code: problem.code, detail: problem.detail }));
}

/** After Effects projects that are being converted, and those of the last day that came to nothing: they go on when the page is closed. */
export function Imports() {
  const { t, locale } = useI18n();
  const { data, dataUpdatedAt } = useQuery(queries.adminImports);
  const open = data?.filter((one) => one.status === 'queued' || one.status === 'running').length ?? 0;
  useEffect(() => {
    // one that ended is a template now
    void queryClient.invalidateQueries({ queryKey: queries.adminProjects.queryKey });
  }, [open]);
  const shown = (data ?? []).filter(
    (one) => one.status !== 'done' && (one.status !== 'failed' || dataUpdatedAt - Date.parse(one.created_at) < DAY_MS),
  );
  if (shown.length === 0) return null;
  return (
    <ul className={classes.imports} aria-label={t('admin.imports')}>
      {shown.map((one) => (
        <li key={one.id} data-testid="import-item" data-status={one.status}>
          <StatusBadge tone={TONES[one.status]}>{t(`admin.importStatus.${one.status}`)}</StatusBadge>
          <bdi>{one.file_name}</bdi>
          <Text component="span" size="sm" c="dimmed">
            {formatDateTime(one.created_at, locale)}
          </Text>
          {one.problem && (
            <span className={classes.problem}>
              {wordsOf(one.problem)}
              {locale === 'en' && wordsOf(one.problem) === one.problem.detail ? null : (
                <details>
                  <summary>{t('admin.importDetail')}</summary>
                  <span className="ltr">{one.problem.detail}</span>
                </details>
              )}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
