import { ProblemError } from 'minicloud-shared/model/problem';
import { type DocumentSelector, FileType, l10n, type TextDocument, Uri, window, workspace } from 'vscode';
import { manifestIn } from '../import/write-manifest.ts';
import { offer } from '../offer.ts';

/** A manifest as it is sent: the text on disk, which is what the editor shows once it is saved. */
export interface ManifestSource {
  uri: Uri;
  text: string;
  fileName: string;
}

export const manifestGlob = '**/cloud_manifest.{yml,yaml,json}';

/**
 * Where files are that can be deployed from: a disk, or a repository that is open as a folder. What is anywhere else,
 * such as in `git:`, is another version of a file. The menus of package.json say the same.
 */
export const manifestSchemes = ['file', 'vscode-vfs'];

/** What is not saved yet is checked as well. */
export const checkedSchemes = [...manifestSchemes, 'untitled'];

/** Manifests in whatever language their person set them to. */
export const manifestFiles: DocumentSelector = manifestSchemes.map((scheme) => ({ scheme, pattern: manifestGlob }));

const manifestName = /(^|\/)cloud_manifest\.(ya?ml|json)$/;
const mostManifests = 200;

export function isManifest(uri: Uri): boolean {
  return manifestName.test(uri.path) && manifestSchemes.includes(uri.scheme);
}

/**
 * The manifest that a command is about: the file or folder it was called on and no other, or else the one in the active
 * editor, the only one of the workspace, or the one that the person picks. Undefined when there is none or nothing was
 * picked. Throws what to do when the file is no manifest, or the folder has none.
 */
export async function findManifest(argument: unknown, whenNone: () => void = offerManifest): Promise<Uri | undefined> {
  if (argument instanceof Uri) return manifestAt(argument);
  const active = window.activeTextEditor?.document.uri;
  if (active && isManifest(active)) return active;
  const found = await findManifests();
  if (found.length === 0) whenNone();
  if (found.length <= 1) return found[0];
  const items = found.map((uri) => ({ label: workspace.asRelativePath(uri), uri }));
  items.sort((a, b) => a.label.localeCompare(b.label));
  return (await window.showQuickPick(items, { placeHolder: l10n.t('Which manifest?') }))?.uri;
}

/** The manifests of the workspace, up to a number that nobody would choose from. */
export async function findManifests(): Promise<Uri[]> {
  return await workspace.findFiles(manifestGlob, '**/node_modules/**', mostManifests);
}

/**
 * Calls `act` on every manifest that a command is about, one after the other: on all files and folders that are selected
 * in the explorer, a folder and the manifest in it being one. What goes wrong with one is told by `fail`, and hides none
 * of the others.
 */
export async function eachManifest(
  argument: unknown,
  selected: readonly unknown[] = [],
  act: (uri: unknown) => Promise<void>,
  fail: (error: unknown) => void,
): Promise<void> {
  const uris = selected.filter((each) => each instanceof Uri);
  if (uris.length < 2) {
    await act(argument);
    return;
  }
  const done = new Set<string>();
  for (const uri of uris) {
    try {
      const manifest = await manifestAt(uri);
      if (done.has(manifest.toString())) continue;
      done.add(manifest.toString());
      await act(manifest);
    } catch (error) {
      fail(error);
    }
  }
}

function offerManifest(): void {
  // Not awaited: what there is no manifest for is over.
  void offer(
    l10n.t('There is no cloud_manifest.yml in this workspace.'),
    l10n.t('Create Manifest…'),
    'minicloud.createManifest',
  );
}

async function manifestAt(uri: Uri): Promise<Uri> {
  if (isManifest(uri)) return uri;
  const isFolder = await Promise.resolve(workspace.fs.stat(uri)).then(
    ({ type }) => (type & FileType.Directory) !== 0,
    () => false,
  );
  const found = isFolder ? await manifestIn(uri) : undefined;
  if (found) return found;
  throw new ProblemError({
    code: 'invalid_input',
    what: isFolder ? l10n.t('There is no manifest in this folder') : l10n.t('This is no manifest'),
    object: workspace.asRelativePath(uri),
    why: manifestName.test(uri.path)
      ? l10n.t('It shows a manifest that is not the file itself.')
      : l10n.t('A manifest is a file with the name cloud_manifest.yml, .yaml or .json.'),
    still: l10n.t('Nothing was changed.'),
    remedy: isFolder ? l10n.t('Run “Minicloud: Create Manifest…” for a new one.') : l10n.t('Open the manifest itself.'),
  });
}

/** Saves and reads a manifest: what is planned and deployed is what is on disk. */
export async function readManifest(uri: Uri): Promise<ManifestSource> {
  const document = await workspace.openTextDocument(uri);
  if (document.isDirty) await document.save();
  return fromDocument(document);
}

export function fromDocument(document: TextDocument): ManifestSource {
  const { uri } = document;
  return { uri, text: document.getText(), fileName: uri.path.slice(uri.path.lastIndexOf('/') + 1) };
}
