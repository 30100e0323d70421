import { Text } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { ApiError } from '../../api/errors';
import type { HealthPoint, NodeCrash, NodeHealth, RenderNode } from '../../api/types';
import { Chart, type Line } from '../../components/Chart';
import { ErrorState } from '../../components/ErrorState';
import { SkeletonRows, useSlow } from '../../components/ListState';
import { PageHeader } from '../../components/PageHeader';
import { Picture } from '../../components/Picture';
import { StatusBadge } from '../../components/StatusBadge';
import { formatNumber, formatPercent } from '../../format/digits';
import { formatAgo, formatBytes, formatDateTime } from '../../format/time';
import { textFor, useI18n } from '../../i18n';
import { queries } from '../../queries';
import admin from './Admin.module.css';
import { RangeChoice } from './Farm';
import classes from './Farm.module.css';
import { enginesOf, TONES, WorkList } from './Nodes';

type Series = {
  title: string;
  lines: Line[];
  format: (value: number) => string;
  top?: number;
  binary?: boolean;
  id: string;
};

function Charts({ health, node }: { health: NodeHealth; node: RenderNode }) {
  const { t, locale } = useI18n();
  const { times, range, charts } = useMemo(() => {
    const line = (name: string, color: string, read: (point: HealthPoint) => number | null): Line => ({
      name,
      color,
      values: health.points.map(read),
    });
    const bytes = (value: number) => formatBytes(value, locale);
    const rate = (value: number) => t('admin.perSecond', { size: formatBytes(value, locale) });
    const few = (value: number) => formatNumber(value, locale, { maximumFractionDigits: 1 });
    const found: Series[] = [
      {
        id: 'cpu',
        title: t('admin.healthCpu'),
        top: 100,
        format: (value) => formatPercent(value, locale),
        lines: [
          line(t('admin.healthCpuAverage'), '--chart-1', (point) => point.cpu_pct),
          line(t('admin.healthCpuMost'), '--chart-2', (point) => point.cpu_pct_max),
        ],
      },
      {
        id: 'memory',
        title: t('admin.healthMemory'),
        top: node.memory_bytes ?? undefined,
        format: bytes,
        binary: true,
        lines: [
          line(t('admin.healthMemoryUsed'), '--chart-1', (point) => point.mem_used_bytes),
          line(t('admin.healthEngine'), '--chart-5', (point) => point.engine_rss_bytes),
        ],
      },
      {
        id: 'load',
        title: t('admin.healthLoad'),
        top: node.cpu_cores ?? undefined,
        format: few,
        lines: [
          line(t('admin.healthLoad1'), '--chart-1', (point) => point.load1),
          line(t('admin.healthActive'), '--chart-3', (point) => point.active_jobs),
        ],
      },
      {
        id: 'traffic',
        title: t('admin.healthTraffic'),
        format: rate,
        binary: true,
        lines: [
          line(t('admin.healthReceived'), '--chart-1', (point) => point.net_rx_bps),
          line(t('admin.healthSent'), '--chart-2', (point) => point.net_tx_bps),
          line(t('admin.healthWritten'), '--chart-5', (point) => point.disk_write_bps),
        ],
      },
      {
        id: 'disk',
        title: t('admin.healthDisk'),
        format: bytes,
        binary: true,
        lines: [line(t('admin.healthDisk'), '--chart-4', (point) => point.disk_free_bytes)],
      },
    ];
    return {
      times: health.points.map((point) => Date.parse(point.at) / 1000),
      range: [Date.parse(health.since) / 1000, Date.parse(health.until) / 1000] as const,
      charts: found,
    };
  }, [health, node.memory_bytes, node.cpu_cores, t, locale]);
  return (
    <div className={classes.charts}>
      {charts.map(({ id, ...chart }) => (
        <Chart key={id} times={times} range={range} testId={`chart-${id}`} {...chart} />
      ))}
    </div>
  );
}

function Crash({ crash }: { crash: NodeCrash }) {
  const { t, locale } = useI18n();
  return (
    <tr data-testid="node-crash">
      <td className={admin.muted} title={formatDateTime(crash.occurred_at, locale)}>
        {formatAgo(crash.occurred_at, locale)}
      </td>
      <td>
        {textFor(`admin.wentWrong.${crash.kind}`) ?? crash.kind}
        {crash.code && (
          <span className={admin.muted}>
            {' '}
            <bdi>{crash.code}</bdi>
          </span>
        )}
      </td>
      <td>{crash.scene_key ? <bdi>{crash.scene_key}</bdi> : '—'}</td>
      <td>{textFor(`admin.recovery.${crash.recovery}`) ?? crash.recovery}</td>
      <td>
        {crash.log && (
          <details className={admin.muted}>
            <summary>{t('admin.crashLog')}</summary>
            <pre className={classes.log} dir="ltr">
              {crash.log}
            </pre>
          </details>
        )}
      </td>
    </tr>
  );
}

function Crashes({ nodeId }: { nodeId: string }) {
  const { t } = useI18n();
  const query = useQuery(queries.nodeCrashes(nodeId));
  const crashes = query.data?.items ?? [];
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return null;
  if (crashes.length === 0) return <Text c="dimmed">{t('admin.crashesNone')}</Text>;
  return (
    <div className={admin.scroll} tabIndex={0} role="region" aria-label={t('admin.crashes')}>
      <table className={admin.table}>
        <thead>
          <tr>
            <th scope="col">{t('admin.crashAt')}</th>
            <th scope="col">{t('admin.crashKind')}</th>
            <th scope="col">{t('admin.crashScene')}</th>
            <th scope="col">{t('admin.crashRecovery')}</th>
            <th scope="col">{t('admin.crashLog')}</th>
          </tr>
        </thead>
        <tbody>
          {crashes.map((crash) => (
            <Crash key={crash.id} crash={crash} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Node({ node }: { node: RenderNode }) {
  const { t, locale } = useI18n();
  const [hours, setHours] = useState<number>(1);
  const health = useQuery(queries.nodeHealth(node.id, hours));
  const slow = useSlow(health.isPending);
  const farm = useQuery(queries.farmNodes).data?.find((one) => one.id === node.id);
  const skew = health.data?.points.at(-1)?.clock_skew_ms ?? null;
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
    [
      t('admin.nodeCache'),
      farm
        ? t('admin.nodeCacheOf', {
            n: formatNumber(farm.cache_entries, locale),
            size: formatBytes(farm.cache_bytes, locale),
          })
        : '—',
    ],
    [t('admin.healthClockAhead'), skew === null ? '—' : t('admin.milliseconds', { n: formatNumber(skew, locale) })],
    [t('admin.nodeVersion'), node.agent_version ?? '—'],
  ];
  return (
    <>
      <PageHeader title={node.name} lead={[node.pool, node.os].filter(Boolean).join(' · ')}>
        <StatusBadge tone={TONES[node.status] ?? 'quiet'} testId="node-status">
          {textFor(`admin.node.${node.status}`) ?? node.status}
        </StatusBadge>
        <RangeChoice hours={hours} onChange={setHours} />
      </PageHeader>
      <div className={classes.page} data-testid="node-page">
        <div className={classes.now}>
          <Picture
            src={farm?.picture_url}
            alt={t(farm?.picture_url ? 'admin.nodePicture' : 'admin.nodeNoPicture', { name: node.name })}
            testId="node-picture"
          />
          <div>
            {node.quarantine_reason && (
              <Text c="var(--mantine-color-error)" mb="sm">
                {t('admin.nodeQuarantine', { reason: node.quarantine_reason })}
              </Text>
            )}
            <section aria-labelledby="node-working">
              <h2 id="node-working">{t('admin.nodeWorking')}</h2>
              {farm && <WorkList farm={farm} />}
            </section>
            <dl className={admin.facts} style={{ marginTop: 18 }}>
              {facts.map(([name, value]) => (
                <div key={name} style={{ display: 'contents' }}>
                  <dt>{name}</dt>
                  <dd>
                    <bdi>{value}</bdi>
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        </div>
        {health.isError && <ErrorState error={health.error} retry={() => void health.refetch()} />}
        {health.isPending && slow && <SkeletonRows rows={2} height={220} />}
        {health.data && <Charts health={health.data} node={node} />}
        <div>
          <h2>{t('admin.crashes')}</h2>
          <Crashes nodeId={node.id} />
        </div>
      </div>
    </>
  );
}

/** One node: how it was, what it draws, what went wrong on it. */
export function AdminNode() {
  const { t } = useI18n();
  const { nodeId } = useParams({ from: '/signed-in/shell/admin/nodes/$nodeId' });
  const query = useQuery(queries.adminNodes);
  const slow = useSlow(query.isPending);
  const node = query.data?.items.find((one) => one.id === nodeId);
  return (
    <>
      <Link to="/admin/nodes" className={classes.back}>
        <IconArrowLeft size={17} className="mirror" aria-hidden />
        {t('admin.nodesAll')}
      </Link>
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && slow && <SkeletonRows rows={3} height={200} />}
      {query.data && !node && (
        <ErrorState error={new ApiError(404, { code: 'render.node_not_found', detail: t('admin.nodeGone') })} />
      )}
      {node && <Node node={node} />}
    </>
  );
}
