import { ActionIcon, Button, Group, Menu, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconClock,
  IconDots,
  IconFirstAidKit,
  IconHistory,
  IconKey,
  IconLock,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconTrash,
} from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { adminNodes } from '../../api/nodes';
import { adminRender } from '../../api/endpoints';
import type { RenderNode } from '../../api/types';
import { localDigits } from '../../format/digits';
import { formatDateTime } from '../../format/time';
import { useI18n } from '../../i18n';
import { queries, queryClient } from '../../queries';
import { say } from '../../say';
import { NodeHistory } from './NodeHistory';
import { NodeHoursDialog } from './NodeHoursDialog';

/** What a node is told to be for now, and by whom: asleep, or in quarantine and why. */
export function NodeNote({ node }: { node: RenderNode }) {
  const { t, locale } = useI18n();
  if (node.status === 'quarantined')
    return (
      <Text size="sm" c="red" data-testid="node-note">
        {t('admin.nodeQuarantined', { reason: node.quarantine_reason ?? '—' })}
      </Text>
    );
  if (node.asleep_until)
    return (
      <Text size="sm" c="dimmed" data-testid="node-note">
        {t('admin.nodeAsleep', { when: formatDateTime(node.asleep_until, locale) })}
      </Text>
    );
  if (node.hours)
    return (
      <Text size="sm" c="dimmed" data-testid="node-note">
        {t('admin.nodeWorks', {
          begin: localDigits(node.hours.begin, locale),
          end: localDigits(node.hours.end, locale),
        })}
      </Text>
    );
  return null;
}

/** The buttons of a node: let it finish, or everything else an admin may tell it. */
export function NodeControls({ node }: { node: RenderNode }) {
  const { t } = useI18n();
  const [hours, setHours] = useDisclosure(false);
  const [history, setHistory] = useDisclosure(false);
  const isDraining = node.status === 'draining' || node.status === 'drained';
  const isQuarantined = node.status === 'quarantined';
  const refresh = () => queryClient.invalidateQueries({ queryKey: queries.adminNodes.queryKey });
  const change = useMutation({
    mutationFn: (act: () => Promise<RenderNode>) => act(),
    onSuccess: refresh,
    onError: say.failed,
  });
  const tell = useMutation({
    mutationFn: (act: () => Promise<unknown>) => act(),
    onSuccess: () => say.done(t('admin.nodeTold', { name: node.name })),
    onError: say.failed,
  });
  const can = (command: string) => node.understands.includes(command);
  const main = isQuarantined
    ? { label: t('admin.release'), name: t('admin.releaseOf', { name: node.name }), testId: 'node-release' }
    : isDraining
      ? { label: t('admin.resume'), name: t('admin.resumeOf', { name: node.name }), testId: 'node-resume' }
      : { label: t('admin.drain'), name: t('admin.drainOf', { name: node.name }), testId: 'node-drain' };
  const act = () =>
    isQuarantined ? adminNodes.release(node.id) : isDraining ? adminRender.resume(node.id) : adminRender.drain(node.id);
  const Icon = isQuarantined ? IconFirstAidKit : isDraining ? IconPlayerPlay : IconPlayerPause;
  return (
    <Group gap="xs" wrap="nowrap">
      <Button
        flex={1}
        variant="default"
        leftSection={<Icon size={16} aria-hidden />}
        loading={change.isPending}
        onClick={() => change.mutate(act)}
        aria-label={main.name}
        data-testid={main.testId}
      >
        {main.label}
      </Button>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon
            variant="default"
            size={36}
            loading={tell.isPending}
            aria-label={t('admin.nodeMore', { name: node.name })}
            data-testid="node-menu"
          >
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconClock size={16} aria-hidden />} onClick={setHours.open} data-testid="node-hours">
            {t('admin.nodeHours')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconRefresh size={16} aria-hidden />}
            disabled={!can('restart_agent')}
            onClick={() => tell.mutate(() => adminNodes.restart(node.id, false))}
            data-testid="node-restart"
          >
            {t('admin.nodeRestart')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconRefresh size={16} aria-hidden />}
            disabled={!can('restart_agent')}
            onClick={() => tell.mutate(() => adminNodes.restart(node.id, true))}
          >
            {t('admin.nodeRestartNow')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconTrash size={16} aria-hidden />}
            disabled={!can('purge_cache')}
            onClick={() => tell.mutate(() => adminNodes.purgeCache(node.id))}
            data-testid="node-purge"
          >
            {t('admin.nodePurge')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconHistory size={16} aria-hidden />}
            onClick={setHistory.open}
            data-testid="node-history"
          >
            {t('admin.nodeHistory')}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconKey size={16} aria-hidden />}
            onClick={() => change.mutate(() => adminNodes.rotateToken(node.id))}
            data-testid="node-rotate"
          >
            {t('admin.nodeRotate')}
          </Menu.Item>
          {!isQuarantined && (
            <Menu.Item
              leftSection={<IconLock size={16} aria-hidden />}
              color="red.8"
              onClick={() => change.mutate(() => adminNodes.quarantine(node.id))}
              data-testid="node-quarantine"
            >
              {t('admin.quarantine')}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {hours && <NodeHoursDialog node={node} onClose={setHours.close} onSaved={refresh} />}
      {history && <NodeHistory node={node} onClose={setHistory.close} />}
    </Group>
  );
}
