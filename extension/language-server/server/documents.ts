import type { Diagnostic, ServerFacts, SourceReads } from 'minicloud-shared/manifest/model';
import { type ManifestDocument, parseManifestDocument } from 'minicloud-shared/manifest/parse';
import type {
  DidChangeTextDocumentParams,
  DidCloseTextDocumentParams,
  DidOpenTextDocumentParams,
} from 'vscode-languageserver-protocol';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Known } from '../service/known.ts';
import { loadNextRuns } from '../service/schedule.ts';
import { maxFiles } from './protocol.ts';
import type { Settings } from './settings.ts';

export interface OpenManifest {
  uri: string;
  text: TextDocument;
  parsed: ManifestDocument;
  facts?: ServerFacts;
  /** What a server said about this very text. */
  told: readonly Diagnostic[];
  /** The facts, and what else the editor told about this manifest. */
  known: Known;
  settings: Settings;
}

/** The open documents, each parsed once a version. */
export interface Documents {
  opened(params: DidOpenTextDocumentParams): void;
  changed(params: DidChangeTextDocumentParams): void;
  closed(params: DidCloseTextDocumentParams): void;
  get(uri: string): Omit<OpenManifest, 'settings'> | undefined;
  /** False when the facts of this document did not change. */
  setFacts(uri: string, facts: ServerFacts | null, server?: string): boolean;
  setLive(uri: string, live: Known['live'] | null): void;
  setFiles(uri: string, files: readonly string[]): void;
  /** False when nothing changed. */
  setSources(uri: string, sources: SourceReads | null): boolean;
  setTold(uri: string, diagnostics: readonly Diagnostic[]): void;
}

export function createDocuments(): Documents {
  const texts = new Map<string, TextDocument>();
  const parsed = new Map<string, { version: number; parsed: ManifestDocument }>();
  const facts = new Map<string, ServerFacts>();
  const told = new Map<string, Omit<Known, 'facts'>>();
  const ofServer = new Map<string, { version: number; diagnostics: readonly Diagnostic[] }>();
  return {
    opened({ textDocument: { uri, languageId, version, text } }) {
      parsed.delete(uri);
      texts.set(uri, TextDocument.create(uri, languageId, version, text));
    },
    changed({ textDocument: { uri, version }, contentChanges }) {
      const text = texts.get(uri);
      if (text) texts.set(uri, TextDocument.update(text, contentChanges, version));
    },
    closed({ textDocument: { uri } }) {
      texts.delete(uri);
      parsed.delete(uri);
      facts.delete(uri);
      told.delete(uri);
      ofServer.delete(uri);
    },
    get(uri) {
      const text = texts.get(uri);
      if (!text) return undefined;
      let known = parsed.get(uri);
      if (known?.version !== text.version) {
        known = { version: text.version, parsed: parseManifestDocument(text.getText(), { fileName: fileNameOf(uri) }) };
        parsed.set(uri, known);
        if (known.parsed.context.text.jobs) void loadNextRuns().catch(() => {});
      }
      const own = facts.get(uri);
      const withFacts = own ? { facts: own } : {};
      const said = ofServer.get(uri);
      return {
        ...{ uri, text, parsed: known.parsed, ...withFacts, known: { ...told.get(uri), ...withFacts } },
        told: said?.version === text.version ? said.diagnostics : [],
      };
    },
    setFacts(uri, next, name) {
      const { server: _, ...rest } = told.get(uri) ?? {};
      told.set(uri, { ...rest, ...(name === undefined ? {} : { server: name }) });
      const before = facts.get(uri);
      if (next) facts.set(uri, next);
      else facts.delete(uri);
      return JSON.stringify({ ...before, asOf: 0 }) !== JSON.stringify({ ...next, asOf: 0 });
    },
    setLive(uri, live) {
      const { live: _, ...rest } = told.get(uri) ?? {};
      told.set(uri, { ...rest, ...(live ? { live } : {}) });
    },
    setFiles(uri, files) {
      told.set(uri, { ...told.get(uri), files: files.slice(0, maxFiles) });
    },
    setTold(uri, diagnostics) {
      const text = texts.get(uri);
      if (text) ofServer.set(uri, { version: text.version, diagnostics });
    },
    setSources(uri, next) {
      const { sources, ...rest } = told.get(uri) ?? {};
      told.set(uri, { ...rest, ...(next ? { sources: next } : {}) });
      return JSON.stringify(sources ?? null) !== JSON.stringify(next);
    },
  };
}

export function fileNameOf(uri: string): string {
  return uri.slice(uri.lastIndexOf('/') + 1);
}
