/** What the features of the service answer, in the words of the language server protocol. */
import type {
  CompletionItem,
  CompletionItemKind,
  DocumentHighlight,
  DocumentLink,
  DocumentSymbol,
  FoldingRange,
  Position,
  SelectionRange,
  SignatureHelp,
  SymbolKind,
  TextEdit,
} from 'vscode-languageserver-protocol';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Completion } from '../service/complete.ts';
import type { FormatEdit } from '../service/format.ts';
import type { ManifestLink } from '../service/links.ts';
import type { Name } from '../service/names.ts';
import type { Fold } from '../service/ranges.ts';
import type { Signature } from '../service/signature.ts';
import type { ManifestSymbol, SymbolSort } from '../service/symbols.ts';
import { completionItemKind, documentHighlightKind, insertTextFormat, insertTextMode, symbolKind } from './numbers.ts';
import { rangeOf } from './to-lsp.ts';

/** What comes back when an item is looked at: where its description is. */
export interface CompletionData {
  uri: string;
  path: (string | number)[];
}

const completionKinds: Record<Completion['kind'], CompletionItemKind> = {
  key: completionItemKind.Property,
  word: completionItemKind.EnumMember,
  fact: completionItemKind.Reference,
  file: completionItemKind.File,
  folder: completionItemKind.Folder,
  snippet: completionItemKind.Snippet,
};

export function toCompletionItem(completion: Completion, text: TextDocument, index: number): CompletionItem {
  const extra = completion.extra.map(({ offset, newText }) => ({ range: rangeOf(text, [offset, offset]), newText }));
  return {
    label: completion.label,
    kind: completionKinds[completion.kind],
    detail: completion.detail,
    // The order of the service: required keys first, then as the schema has them, which is how people write them.
    sortText: String(index).padStart(4, '0'),
    filterText: completion.filter,
    textEdit: { range: rangeOf(text, completion.span), newText: completion.snippet },
    insertTextFormat: insertTextFormat.Snippet,
    insertTextMode: insertTextMode.asIs,
    ...(extra.length > 0 ? { additionalTextEdits: extra } : {}),
    ...(completion.more ? { command: { title: '', command: 'editor.action.triggerSuggest' } } : {}),
    data: { uri: text.uri, path: completion.path } satisfies CompletionData,
  };
}

const symbolKinds: Record<SymbolSort, SymbolKind> = {
  app: symbolKind.Module,
  route: symbolKind.Interface,
  process: symbolKind.Function,
  support: symbolKind.Namespace,
  need: symbolKind.Struct,
  job: symbolKind.Event,
  variable: symbolKind.Variable,
  secret: symbolKind.Key,
  map: symbolKind.Object,
  list: symbolKind.Array,
  value: symbolKind.Property,
};

export function toDocumentSymbol(symbol: ManifestSymbol, text: TextDocument): DocumentSymbol {
  return {
    name: symbol.name,
    detail: symbol.detail,
    kind: symbolKinds[symbol.kind],
    range: rangeOf(text, symbol.span),
    selectionRange: rangeOf(text, symbol.nameSpan),
    children: symbol.children.map((child) => toDocumentSymbol(child, text)),
  };
}

export function toSignatureHelp({ label, documentation, parameters, active }: Signature): SignatureHelp {
  const said = parameters.map((part) => ({
    label: [...part.span] as [number, number],
    documentation: part.documentation,
  }));
  return {
    signatures: [{ label, documentation: documentation.join('\n'), parameters: said }],
    activeSignature: 0,
    activeParameter: active,
  };
}

export function toHighlights({ places }: Name, text: TextDocument): DocumentHighlight[] {
  const { Read, Write } = documentHighlightKind;
  return places.map(({ span, given }) => ({ range: rangeOf(text, span), kind: given ? Write : Read }));
}

export function toDocumentLink({ span, target, tooltip }: ManifestLink, text: TextDocument): DocumentLink {
  const folder = text.uri.slice(0, text.uri.lastIndexOf('/') + 1);
  const address = 'url' in target ? target.url : folder + target.file.split('/').map(encodeURIComponent).join('/');
  return { range: rangeOf(text, span), target: address, tooltip };
}

export function toFoldingRange({ startLine, endLine, comment }: Fold): FoldingRange {
  return { startLine, endLine, ...(comment ? { kind: 'comment' } : {}) };
}

/** Spans from the innermost out as the chain that the protocol wants. */
export function toSelectionRange(
  spans: readonly (readonly [number, number])[],
  text: TextDocument,
  position: Position,
): SelectionRange {
  let chain: SelectionRange | undefined;
  for (const span of [...spans].reverse()) chain = { range: rangeOf(text, span), ...(chain ? { parent: chain } : {}) };
  return chain ?? { range: { start: position, end: position } };
}

export function toTextEdits(edits: readonly FormatEdit[], text: TextDocument): TextEdit[] {
  return edits.map(({ span, newText }) => ({ range: rangeOf(text, span), newText }));
}
