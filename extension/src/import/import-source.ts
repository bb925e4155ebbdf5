/** What is imported: a file of the workspace or of the disk, or a container that somebody copied. */
import type { ImportResult } from 'minicloud-shared/import/model';
import { env, l10n, QuickPickItemKind, Uri, window, workspace } from 'vscode';
import { readText } from '../read-text.ts';

export interface ImportSource {
  /** Name of the file, or what it is called otherwise. */
  name: string;
  text: string;
  /** Where the manifest would be written; files that it names are read from here and below. */
  folder: Uri;
}

const glob =
  '**/{compose*.yml,compose*.yaml,docker-compose*.yml,docker-compose*.yaml,Procfile,app.json,captain-definition}';
const mostFiles = 100;
/** As the importer's own limit: what is larger is not read at all. */
const mostBytes = 256 * 1024;

/** The file that the command was called on, or what the person picks. Undefined when they don't. */
export async function findImportSource(argument: unknown): Promise<ImportSource | undefined> {
  const uri = argument instanceof Uri ? argument : await pick();
  if (uri === undefined) return undefined;
  if (uri === 'clipboard') return fromClipboard();
  const text = await readText(uri, mostBytes);
  if (text === undefined) {
    void window.showErrorMessage(l10n.t('{0} can not be read, or it is larger than 256 KB.', nameOf(uri)));
    return undefined;
  }
  return { name: nameOf(uri), text, folder: Uri.joinPath(uri, '..') };
}

/** Makes the manifest. Undefined when the file is nothing that can be imported. */
export async function importSource(
  { name, text, folder }: ImportSource,
  more: { service?: string; offered?: readonly string[] },
): Promise<ImportResult | undefined> {
  const { runImport } = await import('./importer.ts');
  const source = { file: name, folder: nameOf(folder), text, ...more };
  return runImport(source, (path, most) => readText(Uri.joinPath(folder, path), most));
}

async function pick(): Promise<Uri | 'clipboard' | undefined> {
  const found = await workspace.findFiles(glob, '**/{node_modules,vendor,.git}/**', mostFiles);
  const files = found.map((uri) => ({ label: workspace.asRelativePath(uri), uri, iconPath: undefined }));
  files.sort((a, b) => a.label.split('/').length - b.label.split('/').length || a.label.localeCompare(b.label));
  const clipboard = {
    label: l10n.t('Container from the Clipboard'),
    detail: l10n.t('What “docker inspect NAME” printed, copied'),
  };
  const other = {
    label: l10n.t('Other File…'),
    detail: l10n.t('Compose, Procfile, app.json, captain-definition, or the output of docker inspect'),
  };
  const items = [
    ...files,
    ...(files.length > 0 ? [{ label: '', kind: QuickPickItemKind.Separator }] : []),
    clipboard,
    other,
  ];
  const chosen = await window.showQuickPick(items, {
    title: l10n.t('Import'),
    placeHolder: l10n.t('Make a manifest from what?'),
    matchOnDetail: true,
  });
  if (!chosen) return undefined;
  if (chosen === clipboard) return 'clipboard';
  if (chosen === other)
    return (await window.showOpenDialog({ canSelectMany: false, openLabel: l10n.t('Import') }))?.[0];
  return 'uri' in chosen ? chosen.uri : undefined;
}

async function fromClipboard(): Promise<ImportSource | undefined> {
  const folders = workspace.workspaceFolders ?? [];
  const folder = folders.length > 1 ? await window.showWorkspaceFolderPick() : folders[0];
  if (!folder) return undefined;
  return {
    name: l10n.t('the clipboard'),
    text: (await env.clipboard.readText()).slice(0, mostBytes + 1),
    folder: folder.uri,
  };
}

function nameOf(uri: Uri): string {
  return uri.path.slice(uri.path.lastIndexOf('/') + 1);
}
