import { Button, Progress, Text } from '@mantine/core';
import { IconServer } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { FarmNode, RenderNode } from '../../api/types';
import { EmptyState } from '../../components/EmptyState';
import { ErrorState } from '../../components/ErrorState';
import { SkeletonRows, useSlow } from '../../components/ListState';
import { PageHeader } from '../../components/PageHeader';
import { StatusBadge } from '../../components/StatusBadge';
import { Sparkline } from '../../components/Chart';
import { Picture } from '../../components/Picture';
import { formatNumber, formatPercent } from '../../format/digits';
import { formatAgo, formatBytes } from '../../format/time';
import { textFor, useI18n } from '../../i18n';
import { queries } from '../../queries';
import classes from './Admin.module.css';
import { NodeControls, NodeNote } from './NodeControls';

export const TONES: Record<string, 'good' | 'busy' | 'quiet' | 'bad' | 'warn'> = {
  online: 'good',
  ready: 'good',
  idle: 'good',
  busy: 'busy',
  draining: 'warn',
  drained: 'warn',
  offline: 'quiet',
  quarantined: 'bad',
};

export function enginesOf(node: RenderNode): string {
  return Object.keys(node.engines).join(', ') || '—';
}

const SHOWN_WORK = 3;
const HOUR_S = 3600;
const SHORTEST_S = 600;

/** What a node draws at this moment. */
export function WorkList({ farm }: { farm: FarmNode }) {
  const { t, locale } = useI18n();
  if (farm.working_on.length === 0) return <Text size="sm">{t('admin.nodeIdle')}</Text>;
  const more = farm.working_on.length - SHOWN_WORK;
  return (
    <ul className={classes.work}>
      {farm.working_on.slice(0, SHOWN_WORK).map((work) => {
        const what = work.scene_key ? t('admin.nodeScene', { key: work.scene_key }) : '';
        const name = work.kind === 'frame' ? (work.title ?? '') : t('admin.nodeScenePicture');
        return (
          <li key={`${work.render_job_id} ${work.scene_key} ${work.started_at}`} data-testid="node-work">
            <span className={classes.workName}>
              <bdi>{name}</bdi>
              <span className={classes.muted}>
                <bdi>{what}</bdi>
              </span>
              <span className={classes.percent}>{formatPercent(work.progress_pct, locale)}</span>
            </span>
            <Progress
              size="sm"
              value={work.progress_pct}
              aria-label={`${name} ${what}: ${t('admin.nodeFrames', {
                done: formatNumber(work.frames_done, locale),
                all: formatNumber(work.frames, locale),
              })}`}
            />
          </li>
        );
      })}
      {more > 0 && <li className={classes.muted}>{t('admin.nodeMoreWork', { n: formatNumber(more, locale) })}</li>}
    </ul>
  );
}

function LastHour({ farm }: { farm: FarmNode }) {
  const { t, locale } = useI18n();
  const { times, cpu, memory, range } = useMemo(() => {
    const at = farm.recent.map((point) => Date.parse(point.at) / 1000);
    const until = at.at(-1) ?? 0;
    return {
      times: at,
      cpu: farm.recent.map((point) => point.cpu_pct),
      memory: farm.recent.map((point) => point.mem_pct),
      // a node that has just come shows its minutes, not an empty hour
      range: [Math.max(until - HOUR_S, Math.min(at[0] ?? 0, until - SHORTEST_S)), until] as const,
    };
  }, [farm.recent]);
  if (times.length === 0) return null;
  const rows = [
    [t('admin.nodeLoad'), cpu, '--chart-1'],
    [t('admin.nodeMemory'), memory, '--chart-5'],
  ] as const;
  return (
    <div className={classes.sparks} role="group" aria-label={t('admin.nodeLastHour')}>
      {rows.map(([name, values, color]) => (
        <div key={name}>
          <span className={classes.sparkHead}>
            {name}
            <strong>{formatPercent(values.at(-1) ?? 0, locale)}</strong>
          </span>
          <Sparkline times={times} values={values} color={color} range={range} top={100} />
        </div>
      ))}
    </div>
  );
}

function NodeCard({ node, farm }: { node: RenderNode; farm: FarmNode | undefined }) {
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
    ...(farm && farm.cache_entries > 0
      ? [
          [
            t('admin.nodeCache'),
            t('admin.nodeCacheOf', {
              n: formatNumber(farm.cache_entries, locale),
              size: formatBytes(farm.cache_bytes, locale),
            }),
          ] as [string, string],
        ]
      : []),
    [t('admin.nodeVersion'), node.agent_version ?? '—'],
  ];
  return (
    <li className={classes.node} data-testid="node-card">
      <div className={classes.nodeHead}>
        <div>
          <Text component="h2" fw={700}>
            <Link
              to="/admin/nodes/$nodeId"
              params={{ nodeId: node.id }}
              className={classes.nodeLink}
              data-testid="node-open"
            >
              <bdi>{node.name}</bdi>
            </Link>
          </Text>
          <Text size="sm" c="dimmed">
            <bdi>{[node.pool, node.os].filter(Boolean).join(' · ')}</bdi>
          </Text>
        </div>
        <StatusBadge tone={TONES[node.status] ?? 'quiet'} testId="node-status">
          {textFor(`admin.node.${node.status}`) ?? node.status}
        </StatusBadge>
      </div>
      <Picture
        src={farm?.picture_url}
        alt={t(farm?.picture_url ? 'admin.nodePicture' : 'admin.nodeNoPicture', { name: node.name })}
        testId="node-picture"
      />
      {farm && (
        <div className={classes.nodeWork}>
          <WorkList farm={farm} />
        </div>
      )}
      {farm && <LastHour farm={farm} />}
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
  const farm = useQuery(queries.farmNodes).data;
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
            <NodeCard key={node.id} node={node} farm={farm?.find((one) => one.id === node.id)} />
          ))}
        </ul>
      )}
    </>
  );
}
