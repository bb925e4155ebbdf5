import { readEnvFile } from 'minicloud-shared/manifest/env-file';
import { l10n, type Uri, window } from 'vscode';
import { findEnvFile } from './env-file-source.ts';
import { type EnvChange, type EnvRow, type EnvRows, envRows } from './env-rows.ts';
import type { ConfigTools } from './load-config.ts';
import { pickRows } from './pick-rows.ts';
import { askDeploy, store } from './store.ts';
import { findTarget, listedSecrets, listOf, refreshed, type Target, targetOf } from './target.ts';

const mostTold = 6;

/**
 * Sets what the person checks of a `.env` file, all of it at once. Values of names that the server has are sent to be
 * compared with its own, which it stores nowhere; those of other names leave this machine when they are checked.
 */
export async function importEnv(tools: ConfigTools, argument: unknown): Promise<void> {
  if (!tools.trusted()) return;
  const file = await findEnvFile(tools, argument);
  if (!file) return;
  const found = await targetFor(tools, argument, file.uri);
  if (!found) return;
  const { values, problems, unread } = readEnvFile(file.text);
  if (unread.length > 0) {
    void window.showErrorMessage(
      l10n.t(
        'Nothing of {0} is taken over: line {1} is no NAME=value line, and a value beside it may be cut. Quote values of several lines. Nothing was changed.',
        file.name,
        unread.slice(0, mostTold).join(', '),
      ),
    );
    return;
  }
  let told = false;
  let checked: ReadonlyMap<string, EnvRow['kind']> | undefined;
  // Until it is taken or given up: what the server refuses is seen where it can be mended.
  for (;;) {
    const target = refreshed(found);
    const { version, rows, left } = await compare(tools, target, values);
    const notTaken = [...left.map(({ name, why }) => `${name}: ${why}`), ...problems];
    if (!told) tellLeft(file.name, notTaken, rows.length);
    told = true;
    if (rows.length === 0) return;
    const title = l10n.t('Import {0} into {1} on {2}', file.name, target.app, target.live.server.name);
    const chosen = await pickRows(title, rows, checked);
    if (!chosen || chosen.length === 0) return;
    checked = new Map(chosen.map(({ name, kind }) => [name, kind]));
    const deploy = await askDeploy(target, l10n.t('Set {0} names of {1}', chosen.length, target.app));
    if (deploy === undefined) return;
    const set = chosen.map(({ name, value, kind }) => ({ name, value, kind }));
    try {
      await store(tools, target, { set, unset: [], expectVersion: version }, deploy);
      return;
    } catch (error) {
      // Not awaited: the list comes back beside the message.
      void tools.showError(tools.services.output, error, target.live.server.name);
    }
  }
}

/** What is not among the rows, and why. No value is in it. */
function tellLeft(file: string, left: readonly string[], rows: number): void {
  if (left.length === 0 && rows > 0) return;
  const more = left.length - mostTold;
  const told = [...left.slice(0, mostTold), ...(more > 0 ? [l10n.t('{0} more', more)] : [])].join('; ');
  if (rows > 0) void window.showWarningMessage(l10n.t('Not taken over from {0}: {1}.', file, told));
  else
    void window.showErrorMessage(
      l10n.t(
        'Nothing of {0} can be taken over: {1}. Nothing was changed.',
        file,
        told || l10n.t('it sets no variable'),
      ),
    );
}

/** The row that it was called on; else the app whose manifest stands beside the file; else what the person picks. */
async function targetFor(tools: ConfigTools, argument: unknown, file: Uri): Promise<Target | undefined> {
  const placeHolder = l10n.t('Import into which app?');
  const row = typeof argument === 'object' && argument !== null && 'live' in argument;
  const beside = row ? undefined : await tools.manifestIn(folderOf(file));
  const target = beside && (await targetOf(tools, beside, true));
  return findTarget(tools, target ? { manifest: target.manifest?.toString() } : argument, placeHolder);
}

function folderOf(uri: Uri): Uri {
  return uri.with({ path: uri.path.replace(/\/[^/]*$/, '') || '/' });
}

async function compare(
  tools: ConfigTools,
  target: Target,
  values: ReadonlyMap<string, string>,
): Promise<EnvRows & { version: number }> {
  const { live, app, summary } = target;
  const [{ version, entries }, listed, detail] = await Promise.all([
    listOf(target),
    listedSecrets(tools, target),
    summary && live.api.apps.get.query({ name: app }),
  ]);
  const set = entries.flatMap(({ name, kind }) => {
    const value = values.get(name);
    return value === undefined ? [] : [{ name, kind, value }];
  });
  const preview = set.length > 0 ? (await live.api.config.preview.mutate({ app, set })).names : [];
  const changes = new Map(
    preview.map(({ name, change }) => [name, change === 'same' ? 'same' : 'changed'] as [string, EnvChange]),
  );
  const brought = detail?.bindings.map(({ env }) => env) ?? [];
  return { version, ...envRows(values, { entries, listed, brought }, changes, l10n.t) };
}
