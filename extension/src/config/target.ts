/** Which app a command about config vars and secrets is about: it need not be on its server yet. */
import type { AppSummary } from 'minicloud-shared/model/app';
import type { ConfigList } from 'minicloud-shared/model/config';
import { l10n, Uri, window, workspace } from 'vscode';
import type { PickedApp } from '../commands/pick.ts';
import type { LiveServer } from '../servers/connections.ts';
import { appStateLabel } from '../tree/app-look.ts';
import type { ConfigTools } from './load-config.ts';

export interface Target {
  live: LiveServer;
  app: string;
  /** Undefined for an app that the server does not have yet. */
  summary: AppSummary | undefined;
  /** Where the app was named, when that was in a file. */
  manifest?: Uri;
}

/** Manifests that are looked into for apps that are on no server yet. */
const mostManifests = 20;

/** Of a row, or of the manifest that a quick fix was in; else what the person picks. Undefined when they don't. */
export async function findTarget(
  tools: ConfigTools,
  argument: unknown,
  placeHolder: string,
): Promise<Target | undefined> {
  const manifest = manifestOf(argument);
  const found = manifest
    ? await targetOf(tools, manifest, true)
    : isPickedApp(argument)
      ? { live: argument.live, app: argument.app.name, summary: argument.app }
      : await pickTarget(tools, placeHolder);
  if (!found) return undefined;
  await found.live.connection.ready();
  tools.requireFeature(found.live, 'config', l10n.t('Setting config vars and secrets'));
  return refreshed(found);
}

/** As it is on the server by now. */
export function refreshed(target: Target): Target {
  return { ...target, summary: summaryOf(target.live, target.app) };
}

/** The app that a manifest names, on the server that the manifest goes to. `asking`: the person chooses where that isn't clear. */
export async function targetOf({ services }: ConfigTools, manifest: Uri, asking: boolean): Promise<Target | undefined> {
  const app = (await services.language.summary(manifest))?.name;
  const { targets } = services;
  const live = app && (asking ? await targets.resolve(manifest) : targets.of(manifest));
  return app && live ? { live, app, summary: summaryOf(live, app), manifest } : undefined;
}

/** What is set; nothing yet for an app that is not there. */
export async function listOf({ live, app, summary }: Target): Promise<ConfigList> {
  return summary ? live.api.config.list.query({ app }) : { version: 0, entries: [] };
}

/** True when something runs that would be given other values. */
export function serves({ summary }: Target): boolean {
  return summary?.release !== undefined;
}

/** Secrets that manifests in this editor list for the app, for those that have no value yet. */
export async function listedSecrets(tools: ConfigTools, { live, app, manifest }: Target): Promise<string[]> {
  const { language, targets } = tools.services;
  const open = workspace.textDocuments.map(({ uri }) => uri).filter(tools.isManifest);
  const uris = new Map([...open, ...(manifest ? [manifest] : [])].map((uri) => [uri.toString(), uri]));
  const summaries = await Promise.all(
    [...uris.values()].map(async (uri) => (targets.of(uri) === live ? await language.summary(uri) : undefined)),
  );
  return [...new Set(summaries.flatMap((each) => (each?.name === app ? each.secrets : [])))];
}

function summaryOf({ connection }: LiveServer, app: string): AppSummary | undefined {
  return connection.snapshot.apps?.find(({ name }) => name === app);
}

function isPickedApp(value: unknown): value is PickedApp {
  return typeof value === 'object' && value !== null && 'live' in value && 'app' in value;
}

function manifestOf(value: unknown): Uri | undefined {
  const named = typeof value === 'object' && value !== null && 'manifest' in value ? value.manifest : undefined;
  return typeof named === 'string' ? Uri.parse(named, true) : undefined;
}

/** Apps of every server that answers, and those that manifests of the workspace name and that are on none yet. */
async function pickTarget(tools: ConfigTools, placeHolder: string): Promise<Target | undefined> {
  const { connections } = tools.services;
  const release = connections.holdAll();
  try {
    await Promise.allSettled(connections.all().map(({ connection }) => connection.ready()));
    const fresh = await newApps(tools);
    // Says so, too, when no server answers, or none has an app.
    if (fresh.length === 0) {
      const picked = await tools.pickApp(tools.services, undefined, placeHolder);
      return picked && { live: picked.live, app: picked.app.name, summary: picked.app };
    }
    const there = connections
      .all()
      .flatMap((live) =>
        live.connection.link.state === 'online'
          ? (live.connection.snapshot.apps ?? []).map((summary): Target => ({ live, app: summary.name, summary }))
          : [],
      );
    const items = [...there, ...fresh].map((target) => ({
      target,
      label: target.app,
      description: `${target.summary ? appStateLabel(target.summary.state) : l10n.t('not on the server yet')} · ${target.live.server.name}`,
    }));
    return (await window.showQuickPick(items, { placeHolder }))?.target;
  } finally {
    release();
  }
}

async function newApps(tools: ConfigTools): Promise<Target[]> {
  // An app is made on a server only as somebody says whom the person trusts.
  if (!workspace.isTrusted) return [];
  const manifests = (await tools.findManifests()).slice(0, mostManifests);
  const found = await Promise.all(manifests.map((uri) => targetOf(tools, uri, false).catch(() => undefined)));
  return found.filter(
    (target) => target !== undefined && !target.summary && target.live.connection.link.state === 'online',
  ) as Target[];
}
