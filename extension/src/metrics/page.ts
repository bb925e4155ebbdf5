/** What the metrics panel shows of an app: curves, and below each the same as a table. Pure. */
import {
  type Answers,
  type AppMetrics,
  type ProcessMetrics,
  type RouteMetrics,
  routesByProcess,
} from 'minicloud-shared/model/metrics';
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
  const { under, others } = routesByProcess(metrics);
  return html`${processes.map((process) => processSection(process, under(process), span, t))}${others.map((route) => routeSection(route, 'h2', span, t))}`;
}

type Span = Pick<Chart, 'from' | 'to' | 'ends'>;

function processSection(process: ProcessMetrics, routes: readonly RouteMetrics[], span: Span, t: Translate): Html {
  const { at, replicas, memoryBytes, memoryLimitBytes, cpu: cores, answers } = process;
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
  const asked = answers?.requests.some((value) => value !== null);
  return section({
    id: `process-${process.process}`,
    heading: 'h2',
    title: t('Process {0}', process.process),
    note: replicas === 1 ? t('1 replica') : t('{0} replicas', replicas),
    charts: answers && asked ? [...charts, ...answerCharts(answers, at, span, t)] : charts,
    missing: answers && !asked ? t('No requests were measured in this time.') : '',
    parts: routes.map((route) => routeSection(route, 'h3', span, t)),
    t,
  });
}

function routeSection(route: RouteMetrics, heading: Section['heading'], span: Span, t: Translate): Html {
  const { host, path, at } = route;
  const name = `${host}${path === '/' ? '' : path}`;
  const title = t('Route {0}', name);
  return section({
    id: `route-${name}`,
    heading,
    title,
    note: '',
    charts: answerCharts(route, at, span, t),
    missing: '',
    parts: [],
    t,
  });
}

/** Requests and latency, of a process as of a route. */
function answerCharts(answers: Answers, at: readonly number[], span: Span, t: Translate): Chart[] {
  const { requests, errors, p50, p95, p99 } = answers;
  const perSecond = (value: number): string =>
    t('{0}/s', value > 0 && value < 10 ? value.toFixed(1) : Math.round(value));
  return [
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
}

interface Section {
  id: string;
  heading: 'h2' | 'h3';
  title: string;
  note: string;
  charts: readonly Chart[];
  /** Said in the place of curves that there are none of. */
  missing: string;
  /** Sections within it. */
  parts: readonly Html[];
  t: Translate;
}

function section({ id, heading, title, note, charts, missing, parts, t }: Section): Html {
  const words = html`${title} <small>${note}</small>`;
  const head = heading === 'h2' ? html`<h2>${words}</h2>` : html`<h3>${words}</h3>`;
  const said = missing === '' ? [] : [html`<p class="empty">${missing}</p>`];
  return html`<section data-id="${id}" aria-label="${title}">${head}<div class="charts">${charts.map(chart)}</div>${said}${table(id, title, charts, t)}${parts}</section>`;
}

/** The newest values of all curves of a section, newest first. `title` says of whom, to who hears it. */
function table(id: string, title: string, charts: readonly Chart[], t: Translate): Html {
  const columns = charts.flatMap(({ title, lines, format }) =>
    lines.map((line) => ({ head: lines.length > 1 ? `${title} ${line.label}` : title, values: line.values, format })),
  );
  const at = charts[0]?.at ?? [];
  const rows = at
    .map((time, index) => ({ time, index }))
    .slice(-mostRows)
    .reverse();
  return html`<details data-id="${id}-table"><summary>${t('As a table')}</summary><div class="table"><table aria-label="${title}">
<thead><tr><th scope="col">${t('Time')}</th>${columns.map(({ head }) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ time, index }) =>
      html`<tr><th scope="row">${new Date(time).toLocaleTimeString()}</th>${columns.map(
        ({ values, format }) => html`<td>${valueText(values[index], format)}</td>`,
      )}</tr>`,
  )}</tbody></table></div></details>`;
}

function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}

function milliseconds(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}
