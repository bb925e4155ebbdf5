/** What the metrics panel shows of an app: curves, and below each the same as a table. Pure. */
import type { AppMetrics, ProcessMetrics, RouteMetrics } from 'minicloud-shared/model/metrics';
import type { Translate } from '../translate.ts';
import { formatAge } from '../tree/age.ts';
import { cpu, memory } from '../tree/measures.ts';
import { type Chart, chart } from './chart.ts';
import { type Html, html } from './html.ts';

/** Rows of a table: the newest ones, one a step, so that it can be read aloud. */
const mostRows = 15;

export function metricsPage(metrics: AppMetrics, sinceMs: number, t: Translate): Html {
  const [from, to] = [metrics.asOf - sinceMs, metrics.asOf];
  const span: Span = { from, to, ends: [formatAge(from, to, t), t('now')] };
  const { processes, routes } = metrics;
  const nothing = [...processes, ...routes].every(({ at }) => at.length === 0);
  if (nothing)
    return html`<p class="empty">${t('Nothing was measured yet. The first values come within {0} seconds.', Math.ceil(metrics.everyMs / 1000))}</p>`;
  return html`${processes.map((process) => processSection(process, span, t))}${routes.map((route) => routeSection(route, span, t))}`;
}

type Span = Pick<Chart, 'from' | 'to' | 'ends'>;

function processSection(process: ProcessMetrics, span: Span, t: Translate): Html {
  const { at, replicas, memoryBytes, memoryLimitBytes, cpu: cores } = process;
  const limit = memoryLimitBytes > 0 ? { label: t('limit'), value: memoryLimitBytes } : undefined;
  const charts: Chart[] = [
    {
      ...{ title: t('CPU'), at, ...span, atLeast: 0.1, format: cpu },
      lines: [{ label: t('in use'), values: cores, look: 0 }],
    },
    {
      ...{ title: t('Memory'), at, ...span, atLeast: 16e6, format: memory, limit },
      lines: [{ label: t('in use'), values: memoryBytes, look: 0 }],
    },
  ];
  const count = replicas === 1 ? t('1 replica') : t('{0} replicas', replicas);
  return section(`process-${process.process}`, t('Process {0}', process.process), count, charts, t);
}

function routeSection(route: RouteMetrics, span: Span, t: Translate): Html {
  const { host, path, at, requests, errors, p50, p95, p99 } = route;
  const perSecond = (value: number): string =>
    t('{0}/s', value > 0 && value < 10 ? value.toFixed(1) : Math.round(value));
  const charts: Chart[] = [
    {
      ...{ title: t('Requests'), at, ...span, atLeast: 1, format: perSecond },
      lines: [
        { label: t('all'), values: requests, look: 0 },
        { label: t('errors'), values: errors, look: 2 },
      ],
    },
    {
      ...{ title: t('Latency'), at, ...span, atLeast: 10, format: milliseconds },
      lines: [
        { label: 'p50', values: p50, look: 0 },
        { label: 'p95', values: p95, look: 1 },
        { label: 'p99', values: p99, look: 2 },
      ],
    },
  ];
  const name = `${host}${path === '/' ? '' : path}`;
  return section(`route-${name}`, t('Route {0}', name), '', charts, t);
}

function section(id: string, title: string, note: string, charts: readonly Chart[], t: Translate): Html {
  return html`<section data-id="${id}"><h2>${title} <small>${note}</small></h2><div class="charts">${charts.map(chart)}</div>${table(id, charts, t)}</section>`;
}

/** The newest values of all curves of a section, newest first. */
function table(id: string, charts: readonly Chart[], t: Translate): Html {
  const columns = charts.flatMap(({ title, lines, format }) =>
    lines.map((line) => ({ head: lines.length > 1 ? `${title} ${line.label}` : title, values: line.values, format })),
  );
  const at = charts[0]?.at ?? [];
  const rows = at
    .map((time, index) => ({ time, index }))
    .slice(-mostRows)
    .reverse();
  return html`<details data-id="${id}-table"><summary>${t('As a table')}</summary><table>
<thead><tr><th scope="col">${t('Time')}</th>${columns.map(({ head }) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ time, index }) =>
      html`<tr><th scope="row">${new Date(time).toLocaleTimeString()}</th>${columns.map(
        ({ values, format }) => html`<td>${valueText(values[index], format)}</td>`,
      )}</tr>`,
  )}</tbody></table></details>`;
}

function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}

function milliseconds(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}
