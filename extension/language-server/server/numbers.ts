/**
 * Numbers of the language server protocol by name, as far as they are used. The protocol's package has them too, as
 * namespaces that no bundler can take apart: 130 KB for these few lines. `serve.test.ts` holds them against it.
 */
import type {
  CompletionItemKind,
  DiagnosticSeverity,
  DocumentHighlightKind,
  InsertTextFormat,
  InsertTextMode,
  SymbolKind,
  TextDocumentSyncKind,
} from 'vscode-languageserver-protocol';

export const diagnosticSeverity = { Error: 1, Warning: 2, Information: 3, Hint: 4 } as const satisfies Record<
  string,
  DiagnosticSeverity
>;
export const completionItemKind = {
  Property: 10,
  Value: 12,
  Snippet: 15,
  File: 17,
  Reference: 18,
  Folder: 19,
  EnumMember: 20,
} as const satisfies Record<string, CompletionItemKind>;
export const symbolKind = {
  Module: 2,
  Namespace: 3,
  Property: 7,
  Interface: 11,
  Function: 12,
  Variable: 13,
  Array: 18,
  Object: 19,
  Key: 20,
  Struct: 23,
  Event: 24,
} as const satisfies Record<string, SymbolKind>;
export const documentHighlightKind = { Read: 2, Write: 3 } as const satisfies Record<string, DocumentHighlightKind>;
export const insertTextFormat = { Snippet: 2 } as const satisfies Record<string, InsertTextFormat>;
export const insertTextMode = { asIs: 1 } as const satisfies Record<string, InsertTextMode>;
export const textDocumentSyncKind = { Incremental: 2 } as const satisfies Record<string, TextDocumentSyncKind>;
export const errorCodes = { ServerNotInitialized: -32002, RequestFailed: -32803, RequestCancelled: -32800 } as const;
