/** The features of the language service as rows of the table of handlers. */
import { ResponseError } from 'vscode-jsonrpc/node';
import type {
  CompletionItem,
  CompletionParams,
  Definition,
  DefinitionParams,
  DocumentFormattingParams,
  DocumentHighlight,
  DocumentHighlightParams,
  DocumentLink,
  DocumentLinkParams,
  DocumentRangeFormattingParams,
  DocumentSymbol,
  DocumentSymbolParams,
  FoldingRange,
  FoldingRangeParams,
  Hover,
  HoverParams,
  InlayHint,
  InlayHintParams,
  Location,
  PrepareRenameParams,
  PrepareRenameResult,
  ReferenceParams,
  RenameParams,
  SelectionRange,
  SelectionRangeParams,
  SignatureHelp,
  SignatureHelpParams,
  TextEdit,
  WorkspaceEdit,
} from 'vscode-languageserver-protocol';
import { complete } from '../service/complete.ts';
import { format } from '../service/format.ts';
import { describe, hover } from '../service/hover.ts';
import { hints } from '../service/inlay.ts';
import { links } from '../service/links.ts';
import { nameAt, rename } from '../service/names.ts';
import { folds, selections } from '../service/ranges.ts';
import { signature } from '../service/signature.ts';
import { symbols } from '../service/symbols.ts';
import type { OpenManifest } from './documents.ts';
import {
  type CompletionData,
  toCompletionItem,
  toDocumentLink,
  toDocumentSymbol,
  toFoldingRange,
  toHighlights,
  toSelectionRange,
  toSignatureHelp,
  toTextEdits,
} from './feature-to-lsp.ts';
import { type Handler, row } from './handler.ts';
import { errorCodes } from './numbers.ts';
import { showDocumentationCommand } from './protocol.ts';
import { rangeOf } from './to-lsp.ts';

export const featureHandlers: readonly Handler[] = [
  row<CompletionParams, CompletionItem[]>({
    method: 'textDocument/completion',
    capability: {
      completionProvider: {
        triggerCharacters: [' ', '-', ':', '"', "'", '/', '.', '[', '{', ','],
        resolveProvider: true,
      },
    },
    answer: ({ parsed, text, known }, { position }) =>
      complete(parsed, text.offsetAt(position), known).map((each, index) => toCompletionItem(each, text, index)),
    closed: [],
  }),
  row<CompletionItem, CompletionItem | null>({
    method: 'completionItem/resolve',
    capability: {},
    answer: (_, item) => {
      const value = describe((item.data as CompletionData).path);
      return value === undefined ? item : { ...item, documentation: { kind: 'markdown', value } };
    },
    closed: null,
  }),
  row<HoverParams, Hover | null>({
    method: 'textDocument/hover',
    capability: { hoverProvider: true },
    answer: ({ parsed, text, known, settings }, { position }) => {
      const found = hover(parsed, text.offsetAt(position), known, Date.now());
      if (!found) return null;
      const value = settings.commands ? `${found.markdown}\n\n${documentationLink(found.page)}` : found.markdown;
      return { contents: { kind: 'markdown', value }, range: rangeOf(text, found.span) };
    },
    closed: null,
  }),
  row<SignatureHelpParams, SignatureHelp | null>({
    method: 'textDocument/signatureHelp',
    capability: { signatureHelpProvider: { triggerCharacters: [' '] } },
    answer: ({ parsed, text }, { position }) => {
      const found = signature(parsed, text.offsetAt(position), Date.now());
      return found ? toSignatureHelp(found) : null;
    },
    closed: null,
  }),
  row<DocumentSymbolParams, DocumentSymbol[]>({
    method: 'textDocument/documentSymbol',
    capability: { documentSymbolProvider: true },
    answer: ({ parsed, text }) => symbols(parsed).map((symbol) => toDocumentSymbol(symbol, text)),
    closed: [],
  }),
  row<DocumentLinkParams, DocumentLink[]>({
    method: 'textDocument/documentLink',
    capability: { documentLinkProvider: {} },
    answer: ({ parsed, text, known }) => links(parsed, known).map((link) => toDocumentLink(link, text)),
    closed: [],
  }),
  row<DefinitionParams, Definition | null>({
    method: 'textDocument/definition',
    capability: { definitionProvider: true },
    answer: (open, { position }) => locations(open, position, (place) => place.given),
    closed: null,
  }),
  row<ReferenceParams, Location[]>({
    method: 'textDocument/references',
    capability: { referencesProvider: true },
    answer: (open, { position, context }) =>
      locations(open, position, (place) => context.includeDeclaration || !place.given),
    closed: [],
  }),
  row<DocumentHighlightParams, DocumentHighlight[] | null>({
    method: 'textDocument/documentHighlight',
    capability: { documentHighlightProvider: true },
    answer: ({ parsed, text }, { position }) => {
      const hit = nameAt(parsed, text.offsetAt(position));
      // Null leaves it to the editor, which marks the same word.
      return hit ? toHighlights(hit.name, text) : null;
    },
    closed: null,
  }),
  row<PrepareRenameParams, PrepareRenameResult | null>({
    method: 'textDocument/prepareRename',
    capability: { renameProvider: { prepareProvider: true } },
    answer: ({ parsed, text }, { position }) => {
      const hit = nameAt(parsed, text.offsetAt(position));
      return hit ? { range: rangeOf(text, hit.place.span), placeholder: hit.name.name } : null;
    },
    closed: null,
  }),
  row<RenameParams, WorkspaceEdit | null>({
    method: 'textDocument/rename',
    capability: {},
    answer: ({ parsed, text, uri }, { position, newName }) => {
      const renaming = rename(parsed, text.offsetAt(position), newName);
      if (!renaming) return null;
      if (!renaming.ok) throw new ResponseError(errorCodes.RequestFailed, renaming.why);
      return { changes: { [uri]: toTextEdits(renaming.edits, text) } };
    },
    closed: null,
  }),
  row<DocumentFormattingParams, TextEdit[]>({
    method: 'textDocument/formatting',
    capability: { documentFormattingProvider: true },
    answer: ({ parsed, text }, { options }) => toTextEdits(format(parsed, sized(options.tabSize)), text),
    closed: [],
  }),
  row<DocumentRangeFormattingParams, TextEdit[]>({
    method: 'textDocument/rangeFormatting',
    capability: { documentRangeFormattingProvider: true },
    answer: ({ parsed, text }, { options, range }) => {
      // A selection that ends where a line begins holds nothing of that line.
      const to = range.end.character === 0 && range.end.line > range.start.line ? range.end.line - 1 : range.end.line;
      const lines = { from: range.start.line, to };
      return toTextEdits(format(parsed, { ...sized(options.tabSize), lines }), text);
    },
    closed: [],
  }),
  row<InlayHintParams, InlayHint[]>({
    method: 'textDocument/inlayHint',
    capability: { inlayHintProvider: true },
    answer: ({ parsed, text, known, settings }, { range }) => {
      if (!settings.inlayHints) return [];
      const [from, to] = [text.offsetAt(range.start), text.offsetAt(range.end)];
      return hints(parsed, known)
        .filter(({ offset }) => offset >= from && offset <= to)
        .map((hint) => ({ position: text.positionAt(hint.offset), label: hint.text, paddingLeft: true }));
    },
    closed: [],
  }),
  row<FoldingRangeParams, FoldingRange[]>({
    method: 'textDocument/foldingRange',
    capability: { foldingRangeProvider: true },
    answer: ({ parsed }) => folds(parsed).map(toFoldingRange),
    closed: [],
  }),
  row<SelectionRangeParams, SelectionRange[]>({
    method: 'textDocument/selectionRange',
    capability: { selectionRangeProvider: true },
    answer: ({ parsed, text }, { positions }) =>
      positions.map((position) => toSelectionRange(selections(parsed, text.offsetAt(position)), text, position)),
    closed: [],
  }),
];

function locations(
  { parsed, text, uri }: OpenManifest,
  position: DefinitionParams['position'],
  wanted: (place: { given: boolean }) => boolean,
): Location[] {
  const places = nameAt(parsed, text.offsetAt(position))?.name.places ?? [];
  return places.filter(wanted).map(({ span }) => ({ uri, range: rangeOf(text, span) }));
}

/** An editor that says nothing sensible about columns leaves them as they are in the file. */
function sized(tabSize: unknown): { size?: number } {
  return typeof tabSize === 'number' && tabSize >= 1 && tabSize <= 8 ? { size: tabSize } : {};
}

/** As Markdown; editors follow commands only in a link that they are told to trust. */
function documentationLink(page: string): string {
  const given = encodeURIComponent(JSON.stringify([`keys/${page}`]));
  return `[Documentation](command:${showDocumentationCommand}?${given})`;
}
