/** What a command is about: the tree item it was called on, or what the person picks. */
import type { AppSummary } from 'minicloud-shared/model/app';
import { ProblemError } from 'minicloud-shared/model/problem';
import { l10n, window } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import type { Services } from '../services.ts';
import { appStateLabel } from '../tree/app-look.ts';

export interface PickedApp {
  live: LiveServer;
  app: AppSummary;
}

/** Rows of the tree that are about an app, and what messages and lenses hand over. */
function isPickedApp(value: unknown): value is PickedApp {
  return typeof value === 'object' && value !== null && 'live' in value && 'app' in value;
}

/** Undefined when the person picked nothing. One server needs no question. */
export async function pickServer(
  services: Services,
  argument: unknown,
  placeHolder: string,
): Promise<LiveServer | undefined> {
  const named = serverIdOf(argument);
  if (named) return services.connections.get(named);
  const all = services.connections.all();
  if (all.length <= 1) return all[0];
  const items = all.map((live) => ({ label: live.server.name, description: live.server.url, live }));
  return (await window.showQuickPick(items, { placeHolder }))?.live;
}

/** Asks every server that answers. Undefined when the person picked nothing. */
export async function pickApp(
  services: Services,
  argument: unknown,
  placeHolder: string,
): Promise<PickedApp | undefined> {
  if (isPickedApp(argument)) return { live: argument.live, app: argument.app };
  const release = services.connections.holdAll();
  try {
    const all = services.connections.all();
    const answers = await Promise.allSettled(all.map(({ connection }) => connection.ready()));
    const apps = all.flatMap((live) =>
      live.connection.link.state === 'online'
        ? (live.connection.snapshot.apps ?? []).map((app) => ({ live, app }))
        : [],
    );
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (apps.length === 0 && failed) throw failed.reason;
    if (apps.length === 0) throw noApps();
    const items = apps.map((each) => ({
      ...each,
      label: each.app.name,
      description: `${appStateLabel(each.app.state)} · ${each.live.server.name}`,
    }));
    return await window.showQuickPick(items, { placeHolder });
  } finally {
    release();
  }
}

/** The apps of the rows that a command was called on, each once: of all that are selected, when it was one of those. */
export function appsOf(argument: unknown, selected: readonly unknown[] = []): PickedApp[] {
  const apps = new Map<string, PickedApp>();
  for (const each of selected.length > 0 ? selected : [argument]) {
    if (isPickedApp(each)) apps.set(`${each.live.server.id}/${each.app.name}`, { live: each.live, app: each.app });
  }
  return [...apps.values()];
}

/** As `pickApp`, for commands that work on many at once. None when the person picked nothing. */
export async function pickApps(
  services: Services,
  argument: unknown,
  selected: readonly unknown[] | undefined,
  placeHolder: string,
): Promise<PickedApp[]> {
  const named = appsOf(argument, selected);
  if (named.length > 0) return named;
  const picked = await pickApp(services, argument, placeHolder);
  return picked ? [picked] : [];
}

/** Fails with what to do when a server is too old or too new for a command. */
export function requireFeature(live: LiveServer, feature: string, action: string): void {
  const { info } = live.connection.snapshot;
  if (!info || info.features.includes(feature)) return;
  throw new ProblemError({
    code: 'not_available',
    what: l10n.t('{0} is not available', action),
    object: live.server.name,
    why: l10n.t('The server runs Minicloud {0}, which does not offer it.', info.version),
    remedy: l10n.t('Update the server.'),
  });
}

function noApps(): ProblemError {
  return new ProblemError({
    code: 'not_found',
    what: l10n.t('There is no app yet'),
    object: l10n.t('the servers of this editor'),
    why: l10n.t('Nothing was deployed to them.'),
    remedy: l10n.t('Run “Minicloud: Deploy Manifest” first.'),
  });
}

function serverIdOf(argument: unknown): string | undefined {
  const id =
    typeof argument === 'object' && argument !== null && 'serverId' in argument ? argument.serverId : undefined;
  return typeof id === 'string' ? id : undefined;
}
