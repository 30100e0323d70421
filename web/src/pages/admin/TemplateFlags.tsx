import { Alert, Button, Text } from '@mantine/core';
import { IconFlag } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { adminRender } from '../../api/endpoints';
import type { TemplateFlag } from '../../api/types';
import { formatNumber } from '../../format/digits';
import { textFor, useI18n } from '../../i18n';
import { StatusBadge } from '../../components/StatusBadge';
import { queries, queryClient } from '../../queries';
import { say } from '../../say';

function Flag({ flag }: { flag: TemplateFlag }) {
  const { t, locale } = useI18n();
  const clear = useMutation({
    mutationFn: () => adminRender.clearFlag(flag.id),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['admin', 'template-flags'] }),
    onError: say.failed,
  });
  return (
    <Alert
      color="red"
      icon={<IconFlag size={18} aria-hidden />}
      title={t('admin.stoppedEngines', { n: formatNumber(flag.engines_stopped, locale) })}
      data-testid="template-flag"
      mb={12}
    >
      <Text size="sm" mb={10}>
        {t('admin.stoppedEnginesHint', {
          scene: flag.scene_key,
          how: textFor(`admin.crash.${flag.kind}`) ?? flag.kind,
        })}
      </Text>
      <Button variant="default" size="xs" loading={clear.isPending} onClick={() => clear.mutate()}>
        {t('admin.clearFlag')}
      </Button>
    </Alert>
  );
}

/** What a template's scenes did to engines, while somebody still has to look at it. */
export function TemplateFlags({ projectId }: { projectId: string }) {
  const flags = useQuery(queries.templateFlags(projectId));
  return flags.data?.items.map((flag) => <Flag key={flag.id} flag={flag} />) ?? null;
}

/** The same in a list of templates, in a word. */
export function FlagBadge({ projectId }: { projectId: string }) {
  const { t, locale } = useI18n();
  const flags = useQuery(queries.templateFlags());
  const stopped = flags.data?.items
    .filter((flag) => flag.project_id === projectId)
    .reduce((sum, flag) => sum + flag.engines_stopped, 0);
  if (!stopped) return null;
  return (
    <StatusBadge tone="bad" testId="template-flag-badge">
      {t('admin.stoppedEngines', { n: formatNumber(stopped, locale) })}
    </StatusBadge>
  );
}
