import { NativeSelect } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { adminContent } from '../../api/endpoints';
import type { AdminProject, Colors, SvgGroup, SvgPreview } from '../../api/types';
import { recolored } from '../../editor/recoloring';
import { formatPercent } from '../../format/digits';
import { localized, useI18n } from '../../i18n';
import { queries, queryClient, refreshSvgPreviews } from '../../queries';
import { say } from '../../say';
import classes from './Admin.module.css';

const FIXED = ' fixed';
const AUTOMATIC = ' automatic';

type SvgGroupsProps = {
  preview: SvgPreview;
  project: AdminProject;
  palette: Colors;
  mark: (group: number | null) => void;
  testId: string;
};

/** What each colour of a traced scene follows; pointing at one, or reaching it by keyboard, shows where it is. */
export function SvgGroups({ preview, project, palette, mark, testId }: SvgGroupsProps) {
  const { t, locale } = useI18n();
  const slots = project.color_slots.filter((slot) => slot.key in preview.palette);
  const label = (key: string) => localized(slots.find((slot) => slot.key === key)?.label ?? key, locale);
  const change = useMutation({
    mutationFn: ({ number, choice }: { number: number; choice: string }) =>
      adminContent.mapGroup(
        preview.id,
        choice === AUTOMATIC ? { number, automatic: true } : { number, slot: choice === FIXED ? null : choice },
      ),
    onSuccess: async (changed) => {
      queryClient.setQueryData(queries.adminSvgPreview(changed.id).queryKey, changed);
      await refreshSvgPreviews(project.id);
    },
    onError: say.failed,
  });
  const follows = (group: SvgGroup): string => {
    if (group.slot === null) return t(group.pictured ? 'admin.groupPictured' : 'admin.groupFixed');
    const slot = label(group.slot);
    if (group.toward === '#ffffff') return t('admin.groupTint', { slot });
    if (group.toward === '#000000') return t('admin.groupShade', { slot });
    if (group.toward !== null) return t('admin.groupMix', { slot, other: label(group.toward) });
    return group.lighten !== 0 || group.hue !== 0 ? t('admin.groupVariation', { slot }) : slot;
  };
  return (
    <details className={classes.groups} onMouseLeave={() => mark(null)}>
      <summary data-testid={testId}>{t('admin.correctColors')}</summary>
      <ul>
        {preview.groups.map((group) => (
          <li
            key={group.number}
            onMouseEnter={() => mark(group.number)}
            onFocus={() => mark(group.number)}
            onBlur={() => mark(null)}
          >
            <span className={classes.swatches} aria-hidden>
              <span style={{ background: group.color }} />
              <span style={{ background: recolored(group.color, group, palette) }} />
            </span>
            <span className={classes.groupText}>
              <span>{follows(group)}</span>
              <small>
                {formatPercent(group.share * 100, locale)}
                {group.chosen && ` · ${t('admin.groupChosen')}`}
              </small>
            </span>
            <NativeSelect
              size="xs"
              aria-label={t('admin.groupFollows', { color: group.color })}
              value={group.slot ?? FIXED}
              disabled={change.isPending}
              onChange={(event) => change.mutate({ number: group.number, choice: event.currentTarget.value })}
              data={[
                { value: FIXED, label: t('admin.groupFixed') },
                ...slots.map((slot) => ({ value: slot.key, label: localized(slot.label, locale) })),
                ...(group.chosen ? [{ value: AUTOMATIC, label: t('admin.groupAutomatic') }] : []),
              ]}
              data-testid={`${testId}-${group.number}`}
            />
          </li>
        ))}
      </ul>
    </details>
  );
}
