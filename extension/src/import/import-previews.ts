import {
  commands,
  type Disposable,
  EventEmitter,
  extensions,
  l10n,
  languages,
  Uri,
  ViewColumn,
  window,
  workspace,
} from 'vscode';
import { gone, tabsOf } from '../tabs.ts';

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
  /** By the address of the manifest or of its report. */
  get(uri: Uri): ImportPreview | undefined;
  /** The one in the active editor, else the one that was shown last. */
  active(): Uri | undefined;
  /** Closes the manifest and its report, whichever of them is named. */
  close(uri: Uri): Promise<void>;
}

interface Shown {
  preview: ImportPreview;
  manifest: Uri;
  report: Uri;
}

/** Of the Markdown extension that comes with VS Code; somebody may have turned it off. */
const markdown = { extension: 'vscode.markdown-language-features', editor: 'vscode.markdown.preview.editor' };

/** As a page to be read, where the editor can show one; else its text. */
async function showReport(report: Uri): Promise<void> {
  const how = { preview: false, preserveFocus: true, viewColumn: ViewColumn.Beside };
  if (!extensions.getExtension(markdown.extension)) await window.showTextDocument(report, how);
  else await commands.executeCommand('vscode.openWith', report, markdown.editor, how);
}

export function createImportPreviews(): ImportPreviews {
  /** Each by the addresses of both its documents, the last one last. */
  const shown = new Map<string, Shown>();
  const changed = new EventEmitter<Uri>();
  const of = (uri: Uri): Shown | undefined => shown.get(uri.toString());
  const forget = ({ manifest, report }: Pick<Shown, 'manifest' | 'report'>): void => {
    for (const uri of [manifest, report]) shown.delete(uri.toString());
  };
  const subscriptions = [
    workspace.registerTextDocumentContentProvider(importScheme, {
      onDidChange: changed.event,
      provideTextDocumentContent(uri) {
        const { manifest, preview } = of(uri) ?? {};
        if (!preview) return l10n.t('This import is over. Make a new one with “Minicloud: Import…”.');
        return manifest?.toString() === uri.toString() ? preview.text : preview.report;
      },
    }),
    window.tabGroups.onDidChangeTabs(({ closed }) => {
      // Either page is enough to go on from, so it is over with the last of the two.
      for (const uri of gone(closed, importScheme)) {
        const over = of(uri);
        if (over && [over.manifest, over.report].every((each) => tabsOf(each).length === 0)) forget(over);
      }
    }),
    changed,
  ];
  return {
    async show(preview) {
      const { from, target, replaces } = preview;
      const folder = target.path.replace(/[^/]*$/, '');
      const uri = Uri.from({ scheme: importScheme, path: `${folder}${l10n.t('Manifest from {0}', from)}` });
      const report = Uri.from({ scheme: importScheme, path: `${folder}${l10n.t('Report on {0}', from)}` });
      const now: Shown = { preview, manifest: uri, report };
      forget(now);
      for (const each of [uri, report]) {
        shown.set(each.toString(), now);
        changed.fire(each);
      }
      await languages.setTextDocumentLanguage(await workspace.openTextDocument(report), 'markdown');
      await languages.setTextDocumentLanguage(await workspace.openTextDocument(uri), 'yaml');
      const title = l10n.t('{0} ↔ Import', target.path.slice(folder.length));
      if (replaces)
        await commands.executeCommand('vscode.diff', target, uri, title, {
          preview: false,
          viewColumn: ViewColumn.One,
        });
      else await window.showTextDocument(uri, { preview: false, viewColumn: ViewColumn.One });
      await showReport(report);
      return uri;
    },
    get: (uri) => of(uri)?.preview,
    active() {
      const uri = window.activeTextEditor?.document.uri;
      return uri && of(uri) ? uri : [...shown.values()].at(-1)?.manifest;
    },
    async close(uri) {
      const { manifest = uri, report = uri } = of(uri) ?? {};
      forget({ manifest, report });
      await window.tabGroups.close([...new Set([manifest, report].flatMap(tabsOf))]);
    },
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}
