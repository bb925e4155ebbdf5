import { commands, type Disposable, EventEmitter, l10n, languages, Uri, ViewColumn, window, workspace } from 'vscode';
import { gone, urisOf } from '../tabs.ts';

export const importScheme = 'minicloud-import';

/** A manifest that was made and is not written yet. */
export interface ImportPreview {
  /** Name of the file it was made from. */
  from: string;
  text: string;
  report: string;
  /** Where it would be written. */
  target: Uri;
  /** True when there is a manifest at the target already. */
  replaces: boolean;
}

/** Imported manifests in read-only editors until they are written: beside the manifest that is there, and their report. */
export interface ImportPreviews extends Disposable {
  /** Shows the manifest, compared with the one it would replace, and the report at its side. */
  show(preview: ImportPreview): Promise<Uri>;
  get(uri: Uri): ImportPreview | undefined;
  /** The one in the active editor, else the one that was shown last. */
  active(): Uri | undefined;
  close(uri: Uri): Promise<void>;
}

export function createImportPreviews(): ImportPreviews {
  const previews = new Map<string, ImportPreview>();
  const texts = new Map<string, string>();
  const changed = new EventEmitter<Uri>();
  const put = (uri: Uri, text: string): void => {
    texts.set(uri.toString(), text);
    changed.fire(uri);
  };
  const forget = (uri: Uri): void => {
    previews.delete(uri.toString());
    texts.delete(uri.toString());
  };
  const subscriptions = [
    workspace.registerTextDocumentContentProvider(importScheme, {
      onDidChange: changed.event,
      provideTextDocumentContent: (uri) =>
        texts.get(uri.toString()) ?? l10n.t('This import is over. Make a new one with “Minicloud: Import…”.'),
    }),
    window.tabGroups.onDidChangeTabs(({ closed }) => {
      for (const uri of gone(closed, importScheme)) forget(uri);
    }),
    changed,
  ];
  return {
    async show(preview) {
      const { from, target, replaces } = preview;
      const folder = target.path.replace(/[^/]*$/, '');
      const uri = Uri.from({ scheme: importScheme, path: `${folder}${l10n.t('Manifest from {0}', from)}` });
      const report = Uri.from({ scheme: importScheme, path: `${folder}${l10n.t('Report on {0}', from)}` });
      put(uri, preview.text);
      put(report, preview.report);
      previews.set(uri.toString(), preview);
      await languages.setTextDocumentLanguage(await workspace.openTextDocument(report), 'markdown');
      await languages.setTextDocumentLanguage(await workspace.openTextDocument(uri), 'yaml');
      const title = l10n.t('{0} ↔ Import', target.path.slice(folder.length));
      if (replaces)
        await commands.executeCommand('vscode.diff', target, uri, title, {
          preview: false,
          viewColumn: ViewColumn.One,
        });
      else await window.showTextDocument(uri, { preview: false, viewColumn: ViewColumn.One });
      await window.showTextDocument(report, { preview: false, preserveFocus: true, viewColumn: ViewColumn.Beside });
      return uri;
    },
    get: (uri) => previews.get(uri.toString()),
    active() {
      const uri = window.activeTextEditor?.document.uri;
      if (uri && previews.has(uri.toString())) return uri;
      const last = [...previews.keys()].at(-1);
      return last === undefined ? undefined : Uri.parse(last);
    },
    async close(uri) {
      const { from, target } = previews.get(uri.toString()) ?? {};
      forget(uri);
      const own = (other: Uri): boolean =>
        other.toString() === uri.toString() ||
        (from !== undefined &&
          target !== undefined &&
          other.path === `${target.path.replace(/[^/]*$/, '')}${l10n.t('Report on {0}', from)}`);
      const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
      await window.tabGroups.close(tabs.filter((tab) => urisOf(tab).some(own)));
    },
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}
