import {
  type Connection,
  DocumentDiagnosticReportKind,
  type InitializeResult,
  MarkupKind,
  TextDocumentSyncKind,
  type TextEdit,
} from 'vscode-languageserver';
import { complete } from '../service/complete.ts';
import { diagnose } from '../service/diagnose.ts';
import { hover } from '../service/hover.ts';
import { summarize } from '../service/summary.ts';
import { symbols } from '../service/symbols.ts';
import { tidy } from '../service/tidy.ts';
import { createDocuments, type OpenManifest } from './documents.ts';
import {
  type FactsParams,
  factsMethod,
  type InitializationOptions,
  type SummaryParams,
  summaryMethod,
} from './protocol.ts';
import { rangeOf, toCodeActions, toCompletionItem, toDocumentSymbol, toLspDiagnostic } from './to-lsp.ts';

const capabilities: InitializeResult['capabilities'] = {
  textDocumentSync: TextDocumentSyncKind.Incremental,
  diagnosticProvider: { identifier: 'minicloud', interFileDependencies: false, workspaceDiagnostics: false },
  completionProvider: { triggerCharacters: [' ', '-', ':'] },
  hoverProvider: true,
  documentSymbolProvider: true,
  codeActionProvider: { codeActionKinds: ['quickfix'] },
  documentFormattingProvider: true,
};

/** Answers every request of a connection from the service. Knows no network, no file and no token. */
export function serve(connection: Connection): void {
  const documents = createDocuments();
  let otherYaml = false;
  let refreshes = false;

  const diagnosticsOf = ({ parsed, facts, text }: OpenManifest) =>
    diagnose(parsed, { ...(facts ? { facts } : {}), syntax: !(otherYaml && text.languageId !== 'cloud-manifest') });

  connection.onInitialize((params): InitializeResult => {
    otherYaml = (params.initializationOptions as InitializationOptions | undefined)?.otherYaml === true;
    refreshes = params.capabilities.workspace?.diagnostics?.refreshSupport === true;
    return { capabilities, serverInfo: { name: 'minicloud' } };
  });

  connection.languages.diagnostics.on(({ textDocument: { uri } }) => {
    const open = documents.get(uri);
    const items = open ? diagnosticsOf(open).map((diagnostic) => toLspDiagnostic(diagnostic, uri)) : [];
    return { kind: DocumentDiagnosticReportKind.Full, items };
  });

  connection.onCodeAction(({ textDocument: { uri }, range }) => {
    const open = documents.get(uri);
    return open ? toCodeActions(diagnosticsOf(open), range, uri) : [];
  });

  connection.onCompletion(({ textDocument: { uri }, position }) => {
    const open = documents.get(uri);
    if (!open) return [];
    const text = open.text.getText();
    const indentation = { size: indentationOf(text), eol: text.includes('\r\n') ? '\r\n' : '\n' };
    const found = complete(text, open.text.offsetAt(position), indentation);
    return found.map((each, index) => toCompletionItem(each, open.text, index));
  });

  connection.onHover(({ textDocument: { uri }, position }) => {
    const open = documents.get(uri);
    const found = open && hover(open.parsed, open.text.offsetAt(position));
    if (!open || !found) return null;
    return { contents: { kind: MarkupKind.Markdown, value: found.markdown }, range: rangeOf(open.text, found.span) };
  });

  connection.onDocumentSymbol(({ textDocument: { uri } }) => {
    const open = documents.get(uri);
    return open ? symbols(open.parsed).map((symbol) => toDocumentSymbol(symbol, open.text)) : [];
  });

  connection.onDocumentFormatting(({ textDocument: { uri } }): TextEdit[] => {
    const open = documents.get(uri);
    const text = open?.text.getText();
    const tidied = text === undefined ? undefined : tidy(text);
    if (!open || text === undefined || tidied === undefined) return [];
    return [{ range: rangeOf(open.text, [0, text.length]), newText: tidied }];
  });

  connection.onNotification(factsMethod, ({ uri, facts }: FactsParams) => {
    if (documents.setFacts(uri, facts) && refreshes) connection.languages.diagnostics.refresh();
  });

  connection.onRequest(summaryMethod, ({ uri }: SummaryParams) => {
    const open = documents.get(uri);
    return open ? summarize(open.parsed) : null;
  });

  documents.texts.listen(connection);
  connection.listen();
}

/** Spaces of one level: the smallest indentation in the file, two when there is none. */
function indentationOf(text: string): number {
  const margins = [...text.matchAll(/^( +)[^\s#-]/gm)].map(([, margin]) => margin?.length ?? 0);
  return margins.length > 0 ? Math.min(...margins) : 2;
}
