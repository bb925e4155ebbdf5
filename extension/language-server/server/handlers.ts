/** What the server answers about an open manifest: one row a request, with the capability that announces it. */
import type {
  CodeAction,
  CodeActionParams,
  CompletionItem,
  CompletionParams,
  DocumentDiagnosticParams,
  DocumentDiagnosticReport,
  DocumentFormattingParams,
  DocumentSymbol,
  DocumentSymbolParams,
  Hover,
  HoverParams,
  ServerCapabilities,
  TextEdit,
} from 'vscode-languageserver-protocol';
import { complete } from '../service/complete.ts';
import { hover } from '../service/hover.ts';
import { type ManifestSummary, summarize } from '../service/summary.ts';
import { symbols } from '../service/symbols.ts';
import { tidy } from '../service/tidy.ts';
import { diagnosticsOf } from './diagnostics.ts';
import type { OpenManifest } from './documents.ts';
import { type SummaryParams, summaryMethod } from './protocol.ts';
import { rangeOf, toCodeActions, toCompletionItem, toDocumentSymbol, toLspDiagnostic } from './to-lsp.ts';

export interface Handler<Params = never, Answer = unknown> {
  method: string;
  capability: ServerCapabilities;
  /** Answers at once; a document that is not open is answered with `closed`. */
  answer(open: OpenManifest, params: Params): Answer;
  closed: Answer;
}

export const handlers: readonly Handler[] = [
  row<DocumentDiagnosticParams, DocumentDiagnosticReport>({
    method: 'textDocument/diagnostic',
    capability: {
      diagnosticProvider: { identifier: 'minicloud', interFileDependencies: false, workspaceDiagnostics: false },
    },
    answer: (open) => ({
      kind: 'full',
      items: diagnosticsOf(open).map((diagnostic) => toLspDiagnostic(diagnostic, open.uri)),
    }),
    closed: { kind: 'full', items: [] },
  }),
  row<CodeActionParams, CodeAction[]>({
    method: 'textDocument/codeAction',
    capability: { codeActionProvider: { codeActionKinds: ['quickfix'] } },
    answer: (open, { range }) => toCodeActions(diagnosticsOf(open), range, open.uri),
    closed: [],
  }),
  row<CompletionParams, CompletionItem[]>({
    method: 'textDocument/completion',
    capability: { completionProvider: { triggerCharacters: [' ', '-', ':'] } },
    answer: ({ text }, { position }) => {
      const whole = text.getText();
      const indentation = { size: indentationOf(whole), eol: whole.includes('\r\n') ? '\r\n' : '\n' };
      const found = complete(whole, text.offsetAt(position), indentation);
      return found.map((each, index) => toCompletionItem(each, text, index));
    },
    closed: [],
  }),
  row<HoverParams, Hover | null>({
    method: 'textDocument/hover',
    capability: { hoverProvider: true },
    answer: ({ parsed, text }, { position }) => {
      const found = hover(parsed, text.offsetAt(position));
      return found ? { contents: { kind: 'markdown', value: found.markdown }, range: rangeOf(text, found.span) } : null;
    },
    closed: null,
  }),
  row<DocumentSymbolParams, DocumentSymbol[]>({
    method: 'textDocument/documentSymbol',
    capability: { documentSymbolProvider: true },
    answer: ({ parsed, text }) => symbols(parsed).map((symbol) => toDocumentSymbol(symbol, text)),
    closed: [],
  }),
  row<DocumentFormattingParams, TextEdit[]>({
    method: 'textDocument/formatting',
    capability: { documentFormattingProvider: true },
    answer: ({ text }) => {
      const whole = text.getText();
      const tidied = tidy(whole);
      return tidied === undefined ? [] : [{ range: rangeOf(text, [0, whole.length]), newText: tidied }];
    },
    closed: [],
  }),
  row<SummaryParams, ManifestSummary | null>({
    method: summaryMethod,
    capability: {},
    answer: ({ parsed }) => summarize(parsed),
    closed: null,
  }),
];

/** Checks a row's types where it is written; in the table they are forgotten. */
function row<Params, Answer>(handler: Handler<Params, Answer>): Handler<Params, Answer> {
  return handler;
}

/** Spaces of one level: the smallest indentation in the file, two when there is none. */
function indentationOf(text: string): number {
  const margins = [...text.matchAll(/^( +)[^\s#-]/gm)].map(([, margin]) => margin?.length ?? 0);
  return margins.length > 0 ? Math.min(...margins) : 2;
}
