import { type Operation, type OperationState, operationEnded } from 'minicloud-shared/model/operation';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Cell, table } from '../table.ts';
import { type Line, type Style, styled } from '../text.ts';
import { duration, relative } from '../time.ts';

export const operations: Command = {
  name: 'operations',
  summary: 'list deploys, rollbacks and deletions, running and ended',
  positionals: [{ name: 'NAME', required: false, complete: 'app' }],
  options: {},
  details: ['NAME lists those of one app.'],
  json: '{ operations: Operation[] }, newest first',
  async run(context) {
    const [app] = context.args.positionals;
    const list = await (await context.api()).operations.list.query(app === undefined ? {} : { app });
    const sorted = [...list].sort((a, b) => b.createdAt - a.createdAt);
    if (context.json) context.out.json({ operations: sorted });
    else if (sorted.length === 0)
      context.out.print(['Nothing was done here yet. In a folder with a cloud_manifest.yml run `minicloud deploy`.']);
    else context.out.print(...operationsView(sorted, context.now(), context.out.columns));
    return exitCodes.ok;
  },
};

const styles: Record<OperationState, Style> = {
  queued: 'dim',
  running: 'cyan',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'yellow',
};

export function operationsView(list: readonly Operation[], now: number, columns: number): Line[] {
  const rows = list.map((operation): Cell[] => [
    operation.id,
    operation.kind,
    styled('bold', operation.app),
    operation.release === undefined ? '' : String(operation.release),
    styled(styles[operation.state], operation.state),
    relative(operation.createdAt, now),
    operation.startedAt !== undefined && operation.finishedAt !== undefined
      ? duration(operation.finishedAt - operation.startedAt)
      : '',
    nowDoing(operation),
  ]);
  const titles = [
    { title: 'OPERATION' },
    { title: 'WHAT' },
    { title: 'APP' },
    { title: 'RELEASE', align: 'right' as const },
    { title: 'STATE' },
    { title: 'BEGAN', optional: true },
    { title: 'TOOK', align: 'right' as const, optional: true },
    { overflow: 'cut' as const, optional: true },
  ];
  return table(titles, rows, columns);
}

function nowDoing(operation: Operation): string {
  if (operationEnded[operation.state]) return operation.problem?.what ?? '';
  return operation.steps.find((step) => step.state === 'running')?.title ?? '';
}
