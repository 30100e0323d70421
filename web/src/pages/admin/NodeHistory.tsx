import { Button, Code, Group, Modal, ScrollArea, Stack, Text } from '@mantine/core';
import { IconFileText } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { adminNodes } from '../../api/nodes';
import type { RenderNode } from '../../api/types';
import { ErrorState } from '../../components/ErrorState';
import { StatusBadge } from '../../components/StatusBadge';
import { formatAgo } from '../../format/time';
import { textFor, useI18n } from '../../i18n';
import { queryClient } from '../../queries';
import { say } from '../../say';

const TONES: Record<string, 'good' | 'busy' | 'quiet' | 'bad' | 'warn'> = {
  pending: 'quiet',
  delivered: 'busy',
  done: 'good',
  failed: 'bad',
  expired: 'warn',
};

/** What a node was told and what came of it; its log on demand. */
export function NodeHistory({ node, onClose }: { node: RenderNode; onClose: () => void }) {
  const { t, locale } = useI18n();
  const key = ['admin', 'node-commands', node.id];
  const told = useQuery({ queryKey: key, queryFn: () => adminNodes.commands(node.id), refetchInterval: 2000 });
  const collect = useMutation({
    mutationFn: () => adminNodes.collectLogs(node.id),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: key }),
    onError: say.failed,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t('admin.nodeHistoryOf', { name: node.name })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack gap="md" data-testid="node-history-dialog">
        <Group justify="flex-end">
          <Button
            variant="default"
            size="xs"
            leftSection={<IconFileText size={14} aria-hidden />}
            disabled={!node.understands.includes('collect_logs')}
            loading={collect.isPending}
            onClick={() => collect.mutate()}
            data-testid="node-collect-logs"
          >
            {t('admin.nodeCollectLogs')}
          </Button>
        </Group>
        {told.isError && <ErrorState error={told.error} retry={() => void told.refetch()} />}
        {told.data?.length === 0 && (
          <Text size="sm" c="dimmed">
            {t('admin.nodeHistoryEmpty')}
          </Text>
        )}
        {told.data?.map((one) => (
          <div key={one.id} data-testid="node-command">
            <Group justify="space-between" wrap="nowrap">
              <Text size="sm" fw={600}>
                {textFor(`admin.command.${one.command}`) ?? one.command}
              </Text>
              <Group gap="xs" wrap="nowrap">
                <Text size="xs" c="dimmed">
                  {formatAgo(one.created_at, locale)}
                </Text>
                <StatusBadge tone={TONES[one.status] ?? 'quiet'} testId="command-status">
                  {textFor(`admin.commandStatus.${one.status}`) ?? one.status}
                </StatusBadge>
              </Group>
            </Group>
            {one.detail && (
              <ScrollArea.Autosize mah={260} mt={6} type="auto">
                <Code block dir="ltr" style={{ textAlign: 'left', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
                  {one.detail}
                </Code>
              </ScrollArea.Autosize>
            )}
          </div>
        ))}
      </Stack>
    </Modal>
  );
}
