import { type ConfigEntry, type ConfigKind, configNamePattern } from 'minicloud-shared/model/config';
import { l10n, QuickPickItemKind, window } from 'vscode';
import type { SecretToSet } from '../../language-server/server/protocol.ts';
import { askValue, type GivenValue } from './ask-value.ts';
import type { ConfigTools } from './load-config.ts';
import { moveValue } from './move-value.ts';
import { askDeploy, storeOrOffer } from './store.ts';
import { findTarget, listedSecrets, listOf, type Target } from './target.ts';

/** Asks for the app, the name and the value, as far as it is not clear what the command is about, and sets it. */
export async function setValue(tools: ConfigTools, argument: unknown, kind: ConfigKind): Promise<void> {
  const named = nameOf(argument);
  // From a file of a folder that is not trusted nothing is sent.
  if (named?.manifest && !tools.trusted()) return;
  const secret = kind === 'secret';
  const placeHolder = secret ? l10n.t('Set a secret of which app?') : l10n.t('Set a config var of which app?');
  const target = await findTarget(tools, argument, placeHolder);
  if (!target) return;
  const { entries } = await listOf(target);
  if (named?.moved) {
    await moveValue(tools, target, entries, named.name, named.moved);
    return;
  }
  const name = named?.name ?? (await askName(tools, target, entries, kind));
  if (name === undefined) return;
  const { app, live } = target;
  const title = entries.some((entry) => entry.name === name)
    ? l10n.t('New Value of {0} of {1} on {2}', name, app, live.server.name)
    : l10n.t('Value of {0} of {1} on {2}', name, app, live.server.name);
  const given = await askValue(title, secret);
  if (!given) return;
  const deploy = await askDeploy(target, setTitle(name, app, given));
  if (deploy === undefined) return;
  await storeOrOffer(tools, target, { set: [{ name, value: given.value, kind }], unset: [] }, deploy);
}

/** Of what was taken from elsewhere only how much it is. */
function setTitle(name: string, app: string, { value, from }: GivenValue): string {
  if (!from) return l10n.t('Set {0} of {1}', name, app);
  const lines = value.split('\n').length;
  return lines > 1
    ? l10n.t('Set {0} of {1} to {2} lines from {3}', name, app, lines, from)
    : l10n.t('Set {0} of {1} to {2} characters from {3}', name, app, value.length, from);
}

async function askName(
  tools: ConfigTools,
  target: Target,
  entries: readonly ConfigEntry[],
  kind: ConfigKind,
): Promise<string | undefined> {
  const secret = kind === 'secret';
  const there = entries.filter((entry) => entry.kind === kind).map(({ name }) => name);
  const listed = secret ? await listedSecrets(tools, target) : [];
  const missing = listed.filter((name) => !entries.some((entry) => entry.name === name));
  const title = secret ? l10n.t('Set Secret of {0}', target.app) : l10n.t('Set Config Var of {0}', target.app);
  if (there.length + missing.length > 0) {
    const fresh = { label: `$(add) ${l10n.t('New Name…')}` };
    const items = [
      ...missing.map((label) => ({ label, description: l10n.t('has no value yet') })),
      ...there.map((label) => ({ label, description: l10n.t('is set; gets a new value') })),
      { label: '', kind: QuickPickItemKind.Separator },
      fresh,
    ];
    const placeHolder = l10n.t('Which name?');
    const chosen = await window.showQuickPick(items, { title, placeHolder });
    if (chosen !== fresh) return chosen?.label;
  }
  const typed = await window.showInputBox({
    title,
    prompt: l10n.t('Its name, as the app reads it'),
    placeHolder: secret ? 'STRIPE_KEY' : 'LOG_LEVEL',
    ignoreFocusOut: true,
    validateInput: (name) => nameRefusal(name.trim(), entries, kind),
  });
  return typed?.trim();
}

function nameRefusal(name: string, entries: readonly ConfigEntry[], kind: ConfigKind): string | undefined {
  if (!configNamePattern.test(name))
    return l10n.t('A name has letters, digits and _, at most 128, and no digit first.');
  const other = entries.find((entry) => entry.name === name && entry.kind !== kind);
  if (other?.kind === 'secret') return l10n.t('There is a secret {0}: unset it first, or use Set Secret….', name);
  if (other) return l10n.t('There is a config var {0}: unset it first, or use Set Config Var….', name);
  return undefined;
}

interface Named extends Pick<SecretToSet, 'name' | 'moved'> {
  /** It stands in a file. */
  manifest: boolean;
}

/** The variable of a row, or what a quick fix is about. */
function nameOf(value: unknown): Named | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('manifest' in value && 'name' in value) return { ...(value as unknown as SecretToSet), manifest: true };
  const row = 'row' in value ? (value.row as { variable?: { name: string } }) : undefined;
  return row?.variable && { name: row.variable.name, manifest: false };
}
