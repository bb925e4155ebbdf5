import { type Answers, type AppMetrics, type RouteMetrics, routesByProcess } from 'minicloud-shared/model/metrics';
import { usage } from '../arguments.ts';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Cell, table } from '../table.ts';
import { type Line, styled } from '../text.ts';
import { bytes, duration, parseDuration } from '../time.ts';

const dayMs = 24 * 3_600_000;

export const metrics: Command = {
  name: 'metrics',
  summary: 'show what an app uses and how it answers',
  positionals: [{ name: 'NAME', required: true, complete: 'app' }],
  options: {
    since: { type: 'string', value: 'TIME', complete: 'none', help: 'of the last 15m, 1h, up to 24h (1h)' },
  },
  details: ['Everything is measured once a minute, and every 15 seconds while somebody looks; a day is kept.'],
  json: 'AppMetrics: { app, asOf, everyMs, processes, routes }, lists of values over `at`',
  examples: ['minicloud metrics shop', 'minicloud metrics shop --since 24h --json'],
  async run(context) {
    const { args, out, json } = context;
    const [app = ''] = args.positionals;
    const text = args.text('since') ?? '1h';
    const sinceMs = parseDuration(text);
    if (sinceMs === undefined || sinceMs > dayMs) throw usage(metrics, `--since ${text}`, 'It is 15m, 1h, up to 24h.');
    const found = await (await context.api()).metrics.app.query({ app, sinceMs });
    if (json) out.json(found);
    else out.print(...metricsView(found, out.columns, out.unicode));
    return exitCodes.ok;
  },
};

type Values = AppMetrics['processes'][number]['cpu'];

export function metricsView(metrics: AppMetrics, columns: number, unicode: boolean): Line[] {
  const { app, processes } = metrics;
  if (processes.length === 0) return [[`Nothing of ${app} was measured yet; it is looked at every minute.`]];
  const now = (values: Values, show: (value: number) => string) => {
    const value = values.findLast((each) => each !== null);
    return value === undefined || value === null ? '–' : show(value);
  };
  const used = processes.map((each): Cell[] => [
    each.process,
    String(each.replicas),
    now(each.cpu, (value) => value.toFixed(2)),
    sparkline(each.cpu, unicode),
    now(each.memoryBytes, bytes) + (each.memoryLimitBytes > 0 ? ` of ${bytes(each.memoryLimitBytes)}` : ''),
    sparkline(each.memoryBytes, unicode),
  ]);
  const answered = (name: string, each: Answers): Cell[] => [
    name,
    now(each.requests, (value) => value.toFixed(1)),
    errorCell(each.errors),
    ...[each.p50, each.p95, each.p99].map((values) => now(values, duration)),
  ];
  const { under, others } = routesByProcess(metrics);
  const asked = [
    ...processes.flatMap((each) => [
      ...(each.answers ? [answered(each.process, each.answers)] : []),
      ...under(each).map((route) => answered(`  ${routeName(route)}`, route)),
    ]),
    ...others.map((route) => answered(routeName(route), route)),
  ];
  const right = (title: string) => ({ title, align: 'right' as const });
  return [
    ...table(
      [{ title: 'PROCESS' }, right('REPLICAS'), right('CORES'), {}, right('MEMORY'), { overflow: 'cut' }],
      used,
      columns,
    ),
    ...(asked.length === 0
      ? []
      : [
          [],
          ...table(
            [
              { title: processes.some(({ answers }) => answers) ? 'PROCESS, ROUTE' : 'ROUTE', overflow: 'cut' },
              right('REQ/S'),
              right('ERR/S'),
              right('P50'),
              right('P95'),
              right('P99'),
            ],
            asked,
            columns,
          ),
        ]),
  ];
}

function routeName({ host, path }: RouteMetrics): string {
  return `${host}${path === '/' ? '' : path}`;
}

function errorCell(errors: Values): Cell {
  const value = errors.findLast((each) => each !== null) ?? 0;
  return styled(value > 0 ? 'red' : undefined, value.toFixed(1));
}

const blocks = [...'▁▂▃▄▅▆▇█'];
const sparkWidth = 16;

/** The course of the values from the least to the greatest, at most 16 wide; nothing where only ASCII is shown. */
export function sparkline(values: Values, unicode: boolean): string {
  const known = values.filter((value) => value !== null);
  if (!unicode || known.length < 2) return '';
  const size = Math.ceil(known.length / sparkWidth);
  const groups = Array.from({ length: Math.ceil(known.length / size) }, (_, at) =>
    known.slice(at * size, (at + 1) * size),
  );
  const means = groups.map((group) => group.reduce((sum, value) => sum + value, 0) / group.length);
  const [least, most] = [Math.min(...means), Math.max(...means)];
  return means
    .map((mean) => blocks[most === least ? 0 : Math.round(((mean - least) / (most - least)) * (blocks.length - 1))])
    .join('');
}
