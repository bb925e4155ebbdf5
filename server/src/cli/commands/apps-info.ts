import type { AppDetail, Replica } from 'minicloud-shared/model/app';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { shortDigest } from '../plan-view.ts';
import { type Cell, table } from '../table.ts';
import { type Line, type Style, styled, wrap } from '../text.ts';
import { relative } from '../time.ts';
import { stateStyles } from './apps.ts';

export const appsInfo: Command = {
  name: 'apps:info',
  summary: 'show one app: what serves, where, and how it is',
  positionals: [{ name: 'NAME', required: true, complete: 'app' }],
  options: { manifest: { type: 'boolean', help: 'print the manifest that serves, and nothing else' } },
  details: [],
  json: '{ app: AppDetail }',
  async run(context) {
    const [name = ''] = context.args.positionals;
    const app = await (await context.api()).apps.get.query({ name });
    if (context.json) context.out.json({ app });
    else if (context.args.has('manifest'))
      context.out.print(
        ...(app.manifest ?? '')
          .trimEnd()
          .split('\n')
          .map((line): Line => [line]),
      );
    else context.out.print(...appView(app, context.now(), context.out.columns));
    return exitCodes.ok;
  },
};

export const replicaStyles: Record<Replica['state'], Style> = {
  starting: 'cyan',
  healthy: 'green',
  unhealthy: 'red',
  exited: 'red',
  draining: 'yellow',
};

export function appView(app: AppDetail, now: number, columns: number): Line[] {
  const fact = (name: string, value: Cell): Cell[] => [styled('dim', name), value];
  const serving =
    app.release === undefined ? 'none serves yet' : `${app.release}, changed ${relative(app.updatedAt, now)}`;
  const rows: Cell[][] = [
    fact('state', styled(stateStyles[app.state], app.state)),
    fact('release', serving),
    ...(app.image === undefined
      ? []
      : [fact('image', `${app.image}${app.digest ? ` (${shortDigest(app.digest)})` : ''}`)]),
    fact('environment', app.environment),
    ...app.urls.map(({ url, process, port }) => fact('url', `${url} → ${process}:${port}`)),
    ...app.bindings.map((binding) => fact('needs', `${binding.service}, in ${binding.env}`)),
    ...app.volumes.map(({ path, support, createdAt }) =>
      fact('volume', `${path}${support ? ` of ${support}` : ''} since ${relative(createdAt, now)}`),
    ),
    ...(['config', 'secret'] as const).flatMap((kind) => {
      const names = (app.config ?? []).filter((entry) => entry.kind === kind).map(({ name }) => name);
      return names.length === 0 ? [] : [fact(kind === 'secret' ? 'secrets' : kind, names.join(', '))];
    }),
  ];
  const lines: Line[] = [[styled('bold', app.name)], ...indent(table([{}, { overflow: 'wrap' }], rows, columns - 2))];
  if (app.replicas.length > 0) lines.push([], ...indent(replicaTable(app.replicas, columns - 2)));
  if (app.release === undefined)
    lines.push(
      [],
      ...wrap(`Its first deploy has not succeeded yet: see \`minicloud releases ${app.name}\`.`, columns).map(
        (line) => [line],
      ),
    );
  return lines;
}

function replicaTable(replicas: readonly Replica[], columns: number): Line[] {
  const rows = replicas.map((replica): Cell[] => [
    replica.process,
    String(replica.release),
    styled(replicaStyles[replica.state], replica.state),
    replica.id.slice(0, 12),
    replica.reason ?? '',
  ]);
  return table(
    [
      { title: 'PROCESS' },
      { title: 'RELEASE', align: 'right' },
      { title: 'REPLICA' },
      { title: 'ID' },
      { overflow: 'wrap' },
    ],
    rows,
    columns,
  );
}

function indent(lines: Line[]): Line[] {
  return lines.map((line) => (line.length === 0 ? line : ['  ', ...line]));
}
