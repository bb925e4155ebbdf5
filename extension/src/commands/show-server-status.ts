import { l10n, ThemeIcon, window } from 'vscode';
import type { Services } from '../services.ts';
import { pickServer } from './pick.ts';

const icons = {
  ok: 'pass',
  starting: 'loading~spin',
  degraded: 'warning',
  down: 'error',
  off: 'circle-slash',
} as const;

/** The parts of a server and how they are. */
export async function showServerStatus(services: Services, argument: unknown): Promise<void> {
  const live = await pickServer(services, argument, l10n.t('Show the status of which server?'));
  if (!live) return;
  const [info, status] = await Promise.all([live.api.system.info.query(), live.api.system.status.query()]);
  const engine = `${info.engine.kind} ${info.engine.version}, ${info.engine.os} ${info.engine.arch}`;
  const memory = l10n.t('{0} MB of memory', Math.round(status.memoryBytes / 1e6));
  const items = status.components.map(({ name, state, detail }) => ({
    label: name,
    description: state,
    detail: detail || undefined,
    iconPath: new ThemeIcon(icons[state] ?? 'question'),
  }));
  await window.showQuickPick(items, {
    title: `${live.server.name} · Minicloud ${info.version} · ${engine} · ${memory}`,
    placeHolder: status.ok ? l10n.t('Everything works.') : l10n.t('Something needs attention.'),
    matchOnDetail: true,
  });
}
