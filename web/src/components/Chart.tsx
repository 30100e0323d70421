import { useEffect, useId, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatDateTime } from '../format/time';
import { localDigits } from '../format/digits';
import { useI18n } from '../i18n';
import classes from './Chart.module.css';

export type Line = {
  name: string;
  /** A custom property of the page's colours. */
  color: string;
  values: readonly (number | null)[];
};

type ChartProps = {
  title: string;
  /** Seconds since 1970, rising. */
  times: readonly number[];
  lines: readonly Line[];
  format: (value: number) => string;
  /** `bars` stand on one another. */
  kind?: 'lines' | 'bars';
  /** The whole time that is shown, also where nothing was measured. */
  range: readonly [number, number];
  /** The least upper end of the scale. */
  top?: number;
  /** The values are bytes: the scale has steps of 1, 2, 4 … KB, MB, GB. */
  binary?: boolean;
  testId?: string;
};

const HEIGHT = 190;
const DAY_S = 86_400;
const BINARY_STEPS = [0, 1, 2, 3, 4].flatMap((power) =>
  [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map((step) => step * 1024 ** power),
);

function cssColor(name: string, host: Element): string {
  return getComputedStyle(host).getPropertyValue(name).trim() || '#5b6774';
}

/** Put nulls where samples are missing for much longer than usual, so that a line does not pretend. */
export function withGaps(times: readonly number[], lines: readonly Line[]): { times: number[]; lines: Line[] } {
  const steps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  const at: number[] = [];
  const values: (number | null)[][] = lines.map(() => []);
  times.forEach((time, index) => {
    const before = times[index - 1];
    if (before !== undefined && usual > 0 && time - before > 3 * usual) {
      at.push(before + usual);
      values.forEach((list) => list.push(null));
    }
    at.push(time);
    values.forEach((list, line) => list.push(lines[line]?.values[index] ?? null));
  });
  return { times: at, lines: lines.map((line, index) => ({ ...line, values: values[index] ?? [] })) };
}

/** Sums from the first line on, the highest drawn first: bars that stand on one another. */
export function stacked(lines: readonly Line[]): (number | null)[][] {
  const sums: (number | null)[][] = [];
  for (const line of lines) {
    const below = sums.at(-1);
    sums.push(line.values.map((value, index) => (value ?? 0) + (below?.[index] ?? 0)));
  }
  return sums.reverse();
}

/** A chart over time: left to right in every language, with a table of the same figures for who cannot see it. */
export function Chart({ title, times, lines, format, kind = 'lines', range, top, binary, testId }: ChartProps) {
  const { t, locale } = useI18n();
  const host = useRef<HTMLDivElement>(null);
  const heading = useId();
  const [tableOpen, setTableOpen] = useState(false);
  const [pointed, setPointed] = useState<number | null>(null);
  const shown = useMemo(
    () => (kind === 'lines' ? withGaps(times, lines) : { times: [...times], lines: [...lines] }),
    [kind, times, lines],
  );
  const [from, to] = range;

  useEffect(() => {
    const node = host.current;
    if (!node) return;
    const text = cssColor('--mantine-color-dimmed', node);
    const grid = cssColor('--line', node);
    const isLong = to - from > 2 * DAY_S;
    const clock = (seconds: number) => {
      const date = new Date(seconds * 1000);
      const two = (value: number) => String(value).padStart(2, '0');
      return localDigits(`${two(date.getHours())}:${two(date.getMinutes())}`, locale);
    };
    const day = (seconds: number) =>
      new Intl.DateTimeFormat(locale === 'fa' ? 'fa-IR-u-ca-persian' : 'en-GB', {
        day: 'numeric',
        month: 'short',
      }).format(seconds * 1000);
    const font = `12px ${getComputedStyle(node).fontFamily}`;
    const drawn = kind === 'bars' ? [...shown.lines].reverse() : shown.lines;
    const data = kind === 'bars' ? stacked(shown.lines) : shown.lines.map((line) => [...line.values]);
    const bars = uPlot.paths.bars?.({ size: [0.8, 40], align: 1 });
    const plot = new uPlot(
      {
        width: Math.max(200, node.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { size: 7 }, y: false },
        scales: {
          x: { range: () => [from, to] },
          y: { range: (_, __, most) => [0, Math.max(top ?? 0, most > 0 ? most * 1.08 : 1)] },
        },
        axes: [
          {
            stroke: text,
            grid: { show: false },
            ticks: { stroke: grid, size: 5 },
            font,
            space: 64,
            size: 30,
            values: (_, splits) => splits.map((at) => (isLong ? day(at) : clock(at))),
          },
          {
            stroke: text,
            grid: { stroke: grid, width: 1 },
            ticks: { show: false },
            font,
            size: 66,
            ...(binary ? { incrs: BINARY_STEPS } : {}),
            space: 42,
            values: (_, splits) => splits.map((value) => format(value)),
          },
        ],
        series: [
          {},
          ...drawn.map((line) => ({
            label: line.name,
            stroke: cssColor(line.color, node),
            width: kind === 'bars' ? 0 : 1.8,
            fill: kind === 'bars' ? cssColor(line.color, node) : undefined,
            paths: kind === 'bars' ? bars : undefined,
            points: { show: kind === 'lines' && shown.times.length < 3, size: 5 },
            spanGaps: false,
          })),
        ],
        hooks: { setCursor: [(self) => setPointed(self.cursor.idx ?? null)] },
      },
      [shown.times, ...data] as uPlot.AlignedData,
      node,
    );
    const watcher = new ResizeObserver(() => plot.setSize({ width: Math.max(200, node.clientWidth), height: HEIGHT }));
    watcher.observe(node);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
  }, [shown, kind, format, locale, from, to, top, binary]);

  const last = [...times].length - 1;
  const at = pointed !== null && shown.times[pointed] !== undefined ? pointed : null;
  const valueOf = (line: Line) => {
    const value = at === null ? line.values.at(-1) : line.values[at];
    return value === null || value === undefined ? '—' : format(value);
  };
  return (
    <figure className={classes.chart} aria-labelledby={heading} data-testid={testId} data-points={times.length}>
      <figcaption className={classes.head}>
        <span id={heading} className={classes.title}>
          {title}
        </span>
        <span className={classes.time}>
          {at !== null && shown.times[at] !== undefined
            ? formatDateTime(new Date(shown.times[at] * 1000).toISOString(), locale)
            : t('chart.now')}
        </span>
      </figcaption>
      <ul className={classes.legend}>
        {(at === null && kind === 'bars' ? lines : shown.lines).map((line) => (
          <li key={line.name}>
            <span className={classes.swatch} style={{ background: `var(${line.color})` }} aria-hidden />
            {line.name}
            <bdi className={classes.value}>{valueOf(line)}</bdi>
          </li>
        ))}
      </ul>
      {last < 0 ? (
        <p className={classes.empty} style={{ height: HEIGHT }}>
          {t('chart.empty')}
        </p>
      ) : (
        <div ref={host} dir="ltr" className={classes.plot} style={{ height: HEIGHT }} aria-hidden />
      )}
      {last >= 0 && (
        <details className={classes.details} onToggle={(event) => setTableOpen(event.currentTarget.open)}>
          <summary>{t('chart.asTable')}</summary>
          {tableOpen && (
            <div className={classes.tableFrame} tabIndex={0} role="region" aria-label={title}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{t('chart.time')}</th>
                    {lines.map((line) => (
                      <th scope="col" key={line.name}>
                        {line.name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {times.map((time, index) => (
                    <tr key={time}>
                      <th scope="row">{formatDateTime(new Date(time * 1000).toISOString(), locale)}</th>
                      {lines.map((line) => {
                        const value = line.values[index];
                        return <td key={line.name}>{value === null || value === undefined ? '—' : format(value)}</td>;
                      })}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </details>
      )}
    </figure>
  );
}

/** A small line without axes; what it says is said in words beside it. */
export function Sparkline({
  times,
  values,
  color,
  range,
  top,
}: {
  times: readonly number[];
  values: readonly (number | null)[];
  color: string;
  range: readonly [number, number];
  top?: number;
}) {
  const host = useRef<HTMLDivElement>(null);
  const [from, to] = range;
  useEffect(() => {
    const node = host.current;
    if (!node) return;
    const stroke = cssColor(color, node);
    const plot = new uPlot(
      {
        width: Math.max(60, node.clientWidth),
        height: 34,
        legend: { show: false },
        cursor: { show: false },
        padding: [3, 2, 2, 2],
        scales: {
          x: { range: () => [from, to] },
          y: { range: (_, __, most) => [0, Math.max(top ?? 0, most > 0 ? most * 1.1 : 1)] },
        },
        axes: [{ show: false }, { show: false }],
        series: [
          {},
          {
            stroke,
            width: 1.5,
            fill: `color-mix(in srgb, ${stroke} 16%, transparent)`,
            points: { show: values.length < 3, size: 4 },
          },
        ],
      },
      [[...times], [...values]],
      node,
    );
    const watcher = new ResizeObserver(() => plot.setSize({ width: Math.max(60, node.clientWidth), height: 34 }));
    watcher.observe(node);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
  }, [times, values, color, from, to, top]);
  return <div ref={host} dir="ltr" className={classes.spark} aria-hidden />;
}
