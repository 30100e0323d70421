import { SegmentedControl, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { FAILURE_CLASSES, type Farm, type FailureClass } from '../../api/types';
import { Chart, type Line } from '../../components/Chart';
import { ErrorState } from '../../components/ErrorState';
import { SkeletonRows, useSlow } from '../../components/ListState';
import { PageHeader } from '../../components/PageHeader';
import { formatNumber, formatPercent } from '../../format/digits';
import { formatLength } from '../../format/time';
import { localized, useI18n } from '../../i18n';
import { queries } from '../../queries';
import admin from './Admin.module.css';
import classes from './Farm.module.css';

const RANGES = [1, 24, 168] as const;
const LANES = ['preview', 'snapshot', 'draft', 'final'] as const;
export const FAILURE_COLORS: Record<FailureClass, string> = {
  content: '--chart-1',
  engine: '--chart-2',
  node: '--chart-3',
  licence: '--chart-4',
  lost: '--chart-5',
  film: '--chart-6',
};

export function RangeChoice({ hours, onChange }: { hours: number; onChange: (hours: number) => void }) {
  const { t } = useI18n();
  return (
    <SegmentedControl
      aria-label={t('admin.range')}
      value={String(hours)}
      onChange={(value) => onChange(Number(value))}
      data={RANGES.map((range) => ({ value: String(range), label: t(`admin.range.${range}`) }))}
      data-testid="range"
    />
  );
}

function Queue({ queue }: { queue: Farm['queue'] }) {
  const { t, locale } = useI18n();
  const rows = [...queue].sort(
    (a, b) => LANES.indexOf(a.lane) - LANES.indexOf(b.lane) || b.waiting - a.waiting || b.running - a.running,
  );
  const pools = new Set(queue.map((row) => row.pool));
  if (rows.length === 0) return <Text c="dimmed">{t('admin.queueEmpty')}</Text>;
  return (
    <div className={admin.scroll} tabIndex={0} role="region" aria-label={t('admin.queue')}>
      <table className={admin.table}>
        <thead>
          <tr>
            <th scope="col">{t('admin.queueLane')}</th>
            {pools.size > 1 && <th scope="col">{t('admin.queuePool')}</th>}
            <th scope="col">{t('admin.queueTenant')}</th>
            <th scope="col">{t('admin.queueWaiting')}</th>
            <th scope="col">{t('admin.queueRunning')}</th>
            <th scope="col">{t('admin.queueOldest')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.lane} ${row.pool} ${row.tenant_id}`} data-testid="queue-row" data-lane={row.lane}>
              <td>{t(`admin.lane.${row.lane}`)}</td>
              {pools.size > 1 && (
                <td>
                  <bdi>{row.pool}</bdi>
                </td>
              )}
              <td title={row.tenant_id}>
                <bdi>{row.tenant_name ?? row.tenant_id.slice(0, 8)}</bdi>
              </td>
              <td>{formatNumber(row.waiting, locale)}</td>
              <td>{formatNumber(row.running, locale)}</td>
              <td>{row.oldest_s === null ? '—' : formatLength(row.oldest_s, locale)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Budget({ budget }: { budget: Farm['budget'] }) {
  const { t, locale } = useI18n();
  const { used_pct: used, success_pct: success } = budget;
  if (used === null || success === null) return <Text c="dimmed">{t('admin.budgetNone')}</Text>;
  const tone = used > 100 ? 'over' : used > 60 ? 'near' : 'within';
  const fine = (value: number) =>
    `${formatNumber(value, locale, { maximumFractionDigits: 2 })}${locale === 'fa' ? '٪' : '%'}`;
  const facts: [string, string][] = [
    [t('admin.budgetSuccess'), fine(success)],
    [t('admin.budgetCompleted'), formatNumber(budget.completed, locale)],
    [t('admin.budgetFailed'), formatNumber(budget.failed - budget.failed_by_content, locale)],
    [t('admin.budgetContent'), formatNumber(budget.failed_by_content, locale)],
    [t('admin.budgetMedian'), budget.median_film_s === null ? '—' : formatLength(budget.median_film_s, locale)],
  ];
  return (
    <div className={classes.budget} data-testid="budget">
      <div className={classes.budgetHead}>
        <span>{t('admin.budgetUsed')}</span>
        <strong>{formatPercent(used, locale)}</strong>
      </div>
      <div
        className={classes.meter}
        data-tone={tone}
        role="meter"
        aria-label={t('admin.budgetUsed')}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, Math.round(used))}
        aria-valuetext={formatPercent(used, locale)}
      >
        <span style={{ inlineSize: `${Math.min(100, used)}%` }} />
      </div>
      <Text size="sm" c="dimmed">
        {t('admin.budgetOf', { target: fine(budget.target_pct), days: formatNumber(budget.window_days, locale) })}
      </Text>
      <dl className={admin.facts}>
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function SlowTemplates({ rows }: { rows: Farm['slow_templates'] }) {
  const { t, locale } = useI18n();
  if (rows.length === 0) return <Text c="dimmed">{t('admin.slowEmpty')}</Text>;
  return (
    <div className={admin.scroll} tabIndex={0} role="region" aria-label={t('admin.slowTemplates')}>
      <table className={admin.table}>
        <thead>
          <tr>
            <th scope="col">{t('admin.slowTemplate')}</th>
            <th scope="col">{t('admin.nodeEngines')}</th>
            <th scope="col">{t('admin.slowHeight')}</th>
            <th scope="col">{t('admin.slowSeconds')}</th>
            <th scope="col">{t('admin.slowFrames')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.project_id} ${row.engine} ${row.height}`} data-testid="slow-template">
              <td>{row.title ? <bdi>{localized(row.title, locale)}</bdi> : t('admin.otherTenants')}</td>
              <td>
                <bdi>{row.engine}</bdi>
              </td>
              <td>{row.height === null ? '—' : formatNumber(row.height, locale, { useGrouping: false })}</td>
              <td>
                {row.seconds_per_frame < 1
                  ? t('admin.milliseconds', { n: formatNumber(Math.round(row.seconds_per_frame * 1000), locale) })
                  : t('admin.secondsShort', {
                      n: formatNumber(row.seconds_per_frame, locale, { maximumFractionDigits: 1 }),
                    })}
              </td>
              <td>{formatNumber(row.frames, locale)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const EVERY_BIN_LIMIT = 400;

/** Bins from the first to the last, also those in which nothing happened. */
export function everyBin(since: string, stepS: number, until: number): number[] {
  const first = Date.parse(since) / 1000;
  const count = Math.min(EVERY_BIN_LIMIT, Math.max(0, Math.ceil((until - first) / stepS)));
  return Array.from({ length: count }, (_, index) => first + index * stepS);
}

function Over({ farm, hours }: { farm: Farm; hours: number }) {
  const { t, locale } = useI18n();
  const shown = useMemo(() => {
    const from = Date.parse(farm.since) / 1000;
    const range = [from, from + hours * 3600] as const;
    const times = everyBin(farm.since, farm.step_s, range[1]);
    const place = (at: string) => Math.round((Date.parse(at) / 1000 - from) / farm.step_s);
    const rates = times.map(() => 0);
    farm.throughput.forEach((row) => (rates[place(row.at)] = row.frames_per_s));
    const classes = FAILURE_CLASSES.map((name) => {
      const values = times.map(() => 0);
      farm.failures.forEach((row) => (values[place(row.at)] = row.classes[name] ?? 0));
      return { name: t(`admin.failure.${name}`), color: FAILURE_COLORS[name], values };
    });
    const throughput: Line[] = [
      { name: t('admin.framesPerSecond'), color: '--chart-1', values: rates.slice(0, times.length) },
    ];
    return { range, times, throughput, failures: classes };
  }, [farm, hours, t]);
  const rate = useMemo(
    () => (value: number) => formatNumber(value, locale, { maximumFractionDigits: value < 10 ? 1 : 0 }),
    [locale],
  );
  const count = useMemo(
    () => (value: number) => (Number.isInteger(value) ? formatNumber(value, locale) : ''),
    [locale],
  );
  return (
    <div className={classes.charts}>
      <Chart
        title={t('admin.throughput')}
        times={shown.times}
        lines={shown.throughput}
        format={rate}
        range={shown.range}
        testId="chart-throughput"
      />
      <Chart
        title={t('admin.failures')}
        times={shown.times}
        lines={shown.failures}
        format={count}
        kind="bars"
        range={shown.range}
        top={4}
        testId="chart-failures"
      />
    </div>
  );
}

/** The farm: what waits, what is drawn, what fails, what is slow. */
export function AdminFarm() {
  const { t } = useI18n();
  const [hours, setHours] = useState<number>(24);
  const query = useQuery(queries.farm(hours));
  const slow = useSlow(query.isPending);
  const farm = query.data;
  return (
    <>
      <PageHeader title={t('admin.farm')} lead={t('admin.farmLead')}>
        <RangeChoice hours={hours} onChange={setHours} />
      </PageHeader>
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && slow && <SkeletonRows rows={3} height={200} />}
      {farm && (
        <div className={classes.page} data-testid="farm">
          <Over farm={farm} hours={hours} />
          <div className={classes.columns}>
            <div>
              <h2>{t('admin.queue')}</h2>
              <Queue queue={farm.queue} />
            </div>
            <section aria-labelledby="farm-budget">
              <h2 id="farm-budget">{t('admin.budget')}</h2>
              <Budget budget={farm.budget} />
            </section>
          </div>
          <div>
            <h2>{t('admin.slowTemplates')}</h2>
            <SlowTemplates rows={farm.slow_templates} />
          </div>
        </div>
      )}
    </>
  );
}
