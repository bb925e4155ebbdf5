import type { AppDetail, AppProcess, Replica } from 'minicloud-shared/model/app';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Cell, table } from '../table.ts';
import { type Line, styled } from '../text.ts';
import { bytes, relative } from '../time.ts';
import { replicaStyles } from './apps-info.ts';

export const ps: Command = {
  name: 'ps',
  summary: 'show the processes of an app, replica by replica',
  positionals: [{ name: 'NAME', required: true, complete: 'app' }],
  options: {},
  details: ['Memory and processor are as last measured: every minute, and every 15 seconds while somebody looks.'],
  json: '{ app, release?, processes: AppProcess[], replicas: Replica[] }',
  async run(context) {
    const [name = ''] = context.args.positionals;
    const app = await (await context.api()).apps.get.query({ name });
    const { release, processes, replicas } = app;
    if (context.json)
      context.out.json({ app: name, ...(release === undefined ? {} : { release }), processes, replicas });
    else context.out.print(...processesView(app, context.now(), context.out.columns));
    return exitCodes.ok;
  },
};

/** A row for each replica of every process, also of one that is on its way in or out. */
export function processesView({ name, release, processes, replicas }: AppDetail, now: number, columns: number): Line[] {
  if (processes.length === 0 && replicas.length === 0)
    return [[release === undefined ? `${name} has no release that serves yet.` : `${name} has no process.`]];
  const known = new Set(processes.map((process) => process.name));
  const others = [...new Set(replicas.map(({ process }) => process))].filter((process) => !known.has(process));
  const rows = [
    ...processes.flatMap((process) => processRows(process, replicas, release, now)),
    ...others.flatMap((process) =>
      replicas.filter((replica) => replica.process === process).map((replica) => replicaRow(replica, release, now)),
    ),
  ];
  const titles = [
    { title: 'PROCESS' },
    { title: 'STATE' },
    { title: 'STARTED' },
    { title: 'RESTARTS', align: 'right' as const, optional: true },
    { title: 'MEMORY', align: 'right' as const },
    { title: 'CPU', align: 'right' as const, optional: true },
    { overflow: 'wrap' as const },
  ];
  return table(titles, rows, columns);
}

function processRows(process: AppProcess, all: readonly Replica[], release: number | undefined, now: number): Cell[][] {
  const replicas = all.filter((replica) => replica.process === process.name);
  const rows = replicas
    .sort((a, b) => b.release - a.release || (a.replica ?? 0) - (b.replica ?? 0))
    .map((replica) => replicaRow(replica, release, now));
  return rows.length > 0 ? rows : [[process.name, styled('dim', process.count === 0 ? 'count 0' : 'none runs')]];
}

function replicaRow(replica: Replica, release: number | undefined, now: number): Cell[] {
  const { memoryBytes, memoryLimitBytes, cpu } = replica;
  // A support container lives on over releases, and is told with none.
  const ofOther = replica.release > 0 && replica.release !== release ? [`of release ${replica.release}`] : [];
  return [
    replica.replica === undefined ? replica.process : `${replica.process}.${replica.replica}`,
    styled(replicaStyles[replica.state], replica.state),
    replica.startedAt === undefined ? '–' : relative(replica.startedAt, now),
    String(replica.restarts ?? '–'),
    memoryBytes === undefined ? '–' : bytes(memoryBytes) + (memoryLimitBytes ? ` of ${bytes(memoryLimitBytes)}` : ''),
    cpu === undefined ? '–' : cpu.toFixed(2),
    [...ofOther, ...(replica.reason === undefined ? [] : [replica.reason])].join(', '),
  ];
}
