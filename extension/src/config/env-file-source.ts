import { l10n, QuickPickItemKind, Uri, window, workspace } from 'vscode';
import { readText } from '../read-text.ts';
import type { ConfigTools } from './load-config.ts';

export interface EnvFile {
  name: string;
  uri: Uri;
  text: string;
}

const glob = '**/.env*';
const passedBy = '**/{node_modules,vendor,.git}/**';
const mostFiles = 100;
/** More than a server keeps for an app. */
const mostBytes = 1024 * 1024;

/** The file that the command was called on, or what the person picks. Undefined when they don't, or have been told why not. */
export async function findEnvFile(tools: ConfigTools, argument: unknown): Promise<EnvFile | undefined> {
  const uri = argument instanceof Uri ? argument : await pick(tools);
  if (!uri) return undefined;
  const name = uri.path.slice(uri.path.lastIndexOf('/') + 1);
  const text = await readText(uri, mostBytes);
  if (text !== undefined) return { name, uri, text };
  void window.showErrorMessage(l10n.t('{0} can not be read, or it is larger than 1 MB. Nothing was changed.', name));
  return undefined;
}

/** Those beside manifests first. An example stands last: nobody means its values. */
async function pick(tools: ConfigTools): Promise<Uri | undefined> {
  const [found, manifests] = await Promise.all([workspace.findFiles(glob, passedBy, mostFiles), tools.findManifests()]);
  const folder = ({ path }: Uri): string => path.slice(0, path.lastIndexOf('/'));
  const homes = new Set(manifests.map(folder));
  const rank = (uri: Uri): number =>
    (/[.-](example|sample|template|dist)$/i.test(uri.path) ? 2 : 0) + (homes.has(folder(uri)) ? 0 : 1);
  const files = found
    .map((uri) => ({ label: workspace.asRelativePath(uri), uri }))
    .sort((a, b) => rank(a.uri) - rank(b.uri) || a.label.localeCompare(b.label));
  const other = { label: l10n.t('Other File…') };
  const items = [...files, ...(files.length > 0 ? [{ label: '', kind: QuickPickItemKind.Separator }] : []), other];
  const chosen =
    files.length === 0
      ? other
      : await window.showQuickPick(items, { title: l10n.t('Import .env'), placeHolder: l10n.t('Which file?') });
  if (chosen === other)
    return (await window.showOpenDialog({ canSelectMany: false, openLabel: l10n.t('Import') }))?.[0];
  return chosen && 'uri' in chosen ? (chosen.uri as Uri) : undefined;
}
