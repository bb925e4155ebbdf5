import type { ServerFacts } from 'minicloud-shared/manifest/model';
import { type ManifestDocument, parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { TextDocuments } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';

export interface OpenManifest {
  text: TextDocument;
  parsed: ManifestDocument;
  facts?: ServerFacts;
}

/** The open documents, each parsed once a version. */
export interface Documents {
  readonly texts: TextDocuments<TextDocument>;
  get(uri: string): OpenManifest | undefined;
  /** False when the facts of this document did not change. */
  setFacts(uri: string, facts: ServerFacts | null): boolean;
}

export function createDocuments(): Documents {
  const texts = new TextDocuments(TextDocument);
  const parsed = new Map<string, { version: number; parsed: ManifestDocument }>();
  const facts = new Map<string, ServerFacts>();
  texts.onDidClose(({ document }) => parsed.delete(document.uri));
  return {
    texts,
    get(uri) {
      const text = texts.get(uri);
      if (!text) return undefined;
      let known = parsed.get(uri);
      if (known?.version !== text.version) {
        known = { version: text.version, parsed: parseManifestDocument(text.getText(), { fileName: fileNameOf(uri) }) };
        parsed.set(uri, known);
      }
      const own = facts.get(uri);
      return { text, parsed: known.parsed, ...(own ? { facts: own } : {}) };
    },
    setFacts(uri, next) {
      const before = facts.get(uri);
      if (next) facts.set(uri, next);
      else facts.delete(uri);
      return JSON.stringify({ ...before, asOf: 0 }) !== JSON.stringify({ ...next, asOf: 0 });
    },
  };
}

function fileNameOf(uri: string): string {
  return uri.slice(uri.lastIndexOf('/') + 1);
}
