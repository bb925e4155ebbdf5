import { type Disposable, EventEmitter, l10n, languages, Uri, window, workspace } from 'vscode';

export interface ReadOnlyDocuments extends Disposable {
  /** Keeps `text` for an editor that somebody else opens, such as a comparison. */
  put(kind: string, owner: string, title: string, text: string): Uri;
  /** Shows `text` in a read-only editor named `title`; the same title of the same server shows in the same editor. */
  show(kind: string, owner: string, title: string, text: string, languageId: string): Promise<void>;
}

export const readOnlyScheme = 'minicloud-document';

/** Texts of a server in read-only editors: log history, releases, deployed manifests. */
export function createReadOnlyDocuments(): ReadOnlyDocuments {
  const texts = new Map<string, string>();
  const changed = new EventEmitter<Uri>();
  const provider = workspace.registerTextDocumentContentProvider(readOnlyScheme, {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) =>
      texts.get(uri.toString()) ??
      l10n.t('This page was of an earlier window and is not kept. Open it again from where it was opened.'),
  });
  // Told of another language, too.
  const closed = workspace.onDidCloseTextDocument(({ uri, isClosed }) => isClosed && texts.delete(uri.toString()));
  const put: ReadOnlyDocuments['put'] = (kind, owner, title, text) => {
    const uri = Uri.from({ scheme: readOnlyScheme, authority: kind, path: `/${owner}/${title}` });
    texts.set(uri.toString(), text);
    changed.fire(uri);
    return uri;
  };
  return {
    put,
    async show(kind, owner, title, text, languageId) {
      const uri = put(kind, owner, title, text);
      const document = await workspace.openTextDocument(uri);
      if (document.languageId !== languageId) await languages.setTextDocumentLanguage(document, languageId);
      await window.showTextDocument(document, { preview: true });
    },
    dispose() {
      provider.dispose();
      closed.dispose();
      changed.dispose();
    },
  };
}
