import { l10n, window } from 'vscode';
import type { VariableRow } from '../tree/config-group.ts';
import type { ConfigTools } from './load-config.ts';
import { store } from './store.ts';
import { findTarget, listOf, serves, type Target } from './target.ts';
import { names } from './words.ts';

interface Unset {
  target: Target;
  names: string[];
}

/** Takes values away, of several apps too when their rows are selected, after one question that names them all. */
export async function unset(tools: ConfigTools, argument: unknown, selected: readonly unknown[] = []): Promise<void> {
  const rows = (selected.length > 0 ? selected : [argument]).filter(isVariable);
  const all = rows.length > 0 ? byApp(rows) : await pickNames(tools, argument);
  const deploy = all.length > 0 && (await confirm(all));
  if (deploy === undefined) return;
  if (all.length > 0)
    await Promise.all(
      all.map((each) =>
        store(tools, each.target, { set: [], unset: each.names }, deploy).catch(
          (error: unknown) =>
            // Not awaited: the others go on, whether or not the person reads the message.
            void tools.showError(tools.services.output, error, each.target.live.server.name),
        ),
      ),
    );
}

/** By what it has: what a row is made of is in the other bundle. */
function isVariable(value: unknown): value is VariableRow {
  return (
    typeof value === 'object' && value !== null && 'row' in value && (value as VariableRow).row.variable !== undefined
  );
}

function byApp(rows: readonly VariableRow[]): Unset[] {
  const apps = new Map<string, Unset>();
  for (const { live, app, row } of rows) {
    const key = `${live.server.id}/${app.name}`;
    const known = apps.get(key) ?? { target: { live, app: app.name, summary: app }, names: [] };
    known.names.push(row.variable.name);
    apps.set(key, known);
  }
  return [...apps.values()];
}

async function pickNames(tools: ConfigTools, argument: unknown): Promise<Unset[]> {
  const target = await findTarget(tools, argument, l10n.t('Unset config vars and secrets of which app?'));
  if (!target) return [];
  const { entries } = await listOf(target);
  if (entries.length === 0) {
    void window.showInformationMessage(l10n.t('Nothing is set for {0}.', target.app));
    return [];
  }
  const items = entries.map(({ name, kind }) => ({
    label: name,
    description: kind === 'secret' ? l10n.t('secret') : l10n.t('config var'),
  }));
  const title = l10n.t('Unset Config Vars and Secrets of {0}', target.app);
  const chosen = await window.showQuickPick(items, { title, placeHolder: l10n.t('Which names?'), canPickMany: true });
  return chosen && chosen.length > 0 ? [{ target, names: chosen.map(({ label }) => label) }] : [];
}

/** True to deploy without them, false to only store it, undefined for neither. */
async function confirm(all: readonly Unset[]): Promise<boolean | undefined> {
  const unsetNames = all.flatMap((each) => each.names);
  const apps = all.map(({ target }) => target.app).join(', ');
  const running = all.some(({ target }) => serves(target));
  const [deploy, only] = [l10n.t('Unset and Deploy'), running ? l10n.t('Only Store') : l10n.t('Unset')];
  const detail = [
    ...all.flatMap(({ target, names: each }) =>
      each.map((name) => `•  ${l10n.t('{0} of {1} on {2}', name, target.app, target.live.server.name)}`),
    ),
    '',
    l10n.t('The values do not come back, but with a release that had them.'),
    running && l10n.t('What runs is replaced by a release without them; Only Store leaves that to the next deploy.'),
  ]
    .filter((line) => line !== false)
    .join('\n');
  const chosen = await window.showWarningMessage(
    l10n.t('Unset {0} of {1}?', names(unsetNames, l10n.t), apps),
    { modal: true, detail },
    ...(running ? [deploy, only] : [only]),
  );
  return chosen === undefined ? undefined : chosen === deploy;
}
