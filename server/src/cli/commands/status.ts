import type { SystemInfo, SystemStatus } from 'minicloud-shared/model/system';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Cell, table } from '../table.ts';
import type { Target } from '../target.ts';
import { type Line, type Style, styled } from '../text.ts';
import { bytes, roughly } from '../time.ts';

export const status: Command = {
  name: 'status',
  summary: 'show the server and how each part of it is',
  positionals: [],
  options: {},
  details: ['Ends with 1 when a part is not well, or is still starting.'],
  json: '{ url: string, info: SystemInfo, status: SystemStatus }',
  async run(context) {
    const target = await context.target();
    const api = await context.api();
    const [info, state] = await Promise.all([api.system.info.query(), api.system.status.query()]);
    if (context.json) context.out.json({ url: target.url, info, status: state });
    else context.out.print(...statusView(target, info, state, context.out.columns));
    return state.ok ? exitCodes.ok : exitCodes.failed;
  },
};

const styles: Record<SystemStatus['components'][number]['state'], Style> = {
  ok: 'green',
  starting: 'cyan',
  degraded: 'yellow',
  down: 'red',
  off: 'dim',
};

function verdict({ ok, components }: SystemStatus) {
  if (ok) return styled('green', 'All is well');
  const wrong = components.filter(({ state }) => state === 'degraded' || state === 'down');
  if (wrong.length > 0) return styled('red', 'Something is not well');
  const starting = components.filter(({ state }) => state === 'starting').map(({ name }) => name);
  return styled('cyan', `Nothing is wrong; ${starting.join(' and ')} is still starting`);
}

export function statusView(
  target: Pick<Target, 'url' | 'from'>,
  info: SystemInfo,
  state: SystemStatus,
  columns: number,
): Line[] {
  const fact = (name: string, value: Cell): Cell[] => [styled('dim', name), value];
  const { engine, proxy } = info;
  const apps =
    state.apps === 0 ? 'none yet; run `minicloud deploy` in a folder with a cloud_manifest.yml' : String(state.apps);
  const rows: Cell[][] = [
    fact('server', `${target.url} (from ${target.from})`),
    fact('version', `${info.version}, API ${info.apiVersion}`),
    fact('engine', `${engine.kind} ${engine.version}${engine.arch ? ` on ${engine.os}/${engine.arch}` : ''}`),
    fact('domain', `NAME.${info.serverDomain}, http on ${proxy.httpPort}, https on ${proxy.httpsPort}`),
    fact('apps', apps),
    fact('up', `${roughly(state.uptimeSeconds * 1000)}, ${bytes(state.memoryBytes)} of memory`),
  ];
  const parts = state.components.map((part): Cell[] => [
    styled(styles[part.state], part.state),
    part.name,
    styled('dim', part.detail),
  ]);
  const head: Line = [verdict(state)];
  const room = columns - 2;
  const below = (lines: Line[]): Line[] => lines.map((line) => ['  ', ...line]);
  return [
    head,
    ...below(table([{}, { overflow: 'wrap' }], rows, room)),
    [],
    ...below(table([{}, {}, { overflow: 'wrap' }], parts, room)),
  ];
}
