import { Button, Progress, Text } from '@mantine/core';
import { IconServer } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { RenderNode } from '../../api/types';
import { EmptyState } from '../../components/EmptyState';
import { ErrorState } from '../../components/ErrorState';
import { SkeletonRows, useSlow } from '../../components/ListState';
import { PageHeader } from '../../components/PageHeader';
import { StatusBadge } from '../../components/StatusBadge';
import { formatNumber } from '../../format/digits';
import { formatAgo, formatBytes } from '../../format/time';
import { textFor, useI18n } from '../../i18n';
import { queries } from '../../queries';
import classes from './Admin.module.css';
import { NodeControls, NodeNote } from './NodeControls';

const TONES: Record<string, 'good' | 'busy' | 'quiet' | 'bad' | 'warn'> = {
  online: 'good',
  ready: 'good',
  idle: 'good',
  busy: 'busy',
  draining: 'warn',
  drained: 'warn',
  offline: 'quiet',
  quarantined: 'bad',
};

function enginesOf(node: RenderNode): string {
  return Object.keys(node.engines).join(', ') || '—';
}

function NodeCard({ node }: { node: RenderNode }) {
  const { t, locale } = useI18n();
  const slots = t('admin.nodeSlots', {
    used: formatNumber(node.used_slots, locale),
    max: formatNumber(node.max_slots, locale),
  });
  const facts: [string, string][] = [
    [t('admin.nodeEngines'), enginesOf(node)],
    [
      t('admin.nodeCapacity'),
      node.cpu_cores === null || node.memory_bytes === null
        ? '—'
        : t('admin.nodeHardware', {
            cores: formatNumber(node.cpu_cores, locale),
            memory: formatBytes(node.memory_bytes, locale),
          }),
    ],
    [t('admin.nodeSeen'), node.last_heartbeat_at ? formatAgo(node.last_heartbeat_at, locale) : '—'],
    [t('admin.nodeCrashes'), formatNumber(node.crash_count_24h, locale)],
    [t('admin.nodeVersion'), node.agent_version ?? '—'],
  ];
  return (
    <li className={classes.node} data-testid="node-card">
      <div className={classes.nodeHead}>
        <div>
          <Text component="h2" fw={700}>
            <bdi>{node.name}</bdi>
          </Text>
          <Text size="sm" c="dimmed">
            <bdi>{[node.pool, node.os].filter(Boolean).join(' · ')}</bdi>
          </Text>
        </div>
        <StatusBadge tone={TONES[node.status] ?? 'quiet'} testId="node-status">
          {textFor(`admin.node.${node.status}`) ?? node.status}
        </StatusBadge>
      </div>
      <div>
        <Text size="sm" mb={4}>
          {slots}
        </Text>
        <Progress value={node.max_slots ? (node.used_slots / node.max_slots) * 100 : 0} aria-label={slots} />
      </div>
      <dl className={classes.facts}>
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
      <NodeNote node={node} />
      <NodeControls node={node} />
    </li>
  );
}

export function AdminNodes() {
  const { t } = useI18n();
  const query = useQuery(queries.adminNodes);
  const slow = useSlow(query.isPending);
  return (
    <>
      <PageHeader title={t('admin.nodes')} />
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && slow && <SkeletonRows rows={2} height={180} />}
      {query.data?.items.length === 0 && (
        <EmptyState
          icon={<IconServer size={30} stroke={1.4} />}
          text={t('admin.nodesEmpty')}
          action={
            <Button variant="default" onClick={() => void query.refetch()}>
              {t('admin.refresh')}
            </Button>
          }
        />
      )}
      {query.data && query.data.items.length > 0 && (
        <ul className={classes.nodes}>
          {query.data.items.map((node) => (
            <NodeCard key={node.id} node={node} />
          ))}
        </ul>
      )}
    </>
  );
}
