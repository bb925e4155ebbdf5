/**
 * Numbers of the language server protocol by name, as far as they are used. The protocol's package has them too, as
 * namespaces that no bundler can take apart: 130 KB for these few lines. `serve.test.ts` holds them against it.
 */
import type {
  CompletionItemKind,
  DiagnosticSeverity,
  InsertTextFormat,
  InsertTextMode,
  SymbolKind,
  TextDocumentSyncKind,
} from 'vscode-languageserver-protocol';

export const diagnosticSeverity = { Error: 1, Warning: 2, Information: 3, Hint: 4 } as const satisfies Record<
  string,
  DiagnosticSeverity
>;
export const completionItemKind = { Property: 10, EnumMember: 20 } as const satisfies Record<
  string,
  CompletionItemKind
>;
export const symbolKind = { Object: 19, Array: 18, Property: 7 } as const satisfies Record<string, SymbolKind>;
export const insertTextFormat = { Snippet: 2 } as const satisfies Record<string, InsertTextFormat>;
export const insertTextMode = { asIs: 1 } as const satisfies Record<string, InsertTextMode>;
export const textDocumentSyncKind = { Incremental: 2 } as const satisfies Record<string, TextDocumentSyncKind>;
export const errorCodes = { ServerNotInitialized: -32002, RequestCancelled: -32800 } as const;
