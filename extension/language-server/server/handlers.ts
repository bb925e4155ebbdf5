/** What the server answers about an open manifest: one row a request, with the capability that announces it. */
import type {
  CodeAction,
  CodeActionParams,
  DocumentDiagnosticParams,
  DocumentDiagnosticReport,
} from 'vscode-languageserver-protocol';
import { type ManifestSummary, summarize } from '../service/summary.ts';
import { codeActionKinds, codeActions } from './code-actions.ts';
import { diagnosticsOf, plainDiagnosticsOf } from './diagnostics.ts';
import { featureHandlers } from './feature-handlers.ts';
import { type Handler, row } from './handler.ts';
import {
  type EnvValueParams,
  envValueMethod,
  plainDiagnostics,
  type SummaryParams,
  summaryMethod,
} from './protocol.ts';
import { toLspDiagnostic } from './to-lsp.ts';

export const handlers: readonly Handler[] = [
  row<DocumentDiagnosticParams, DocumentDiagnosticReport>({
    method: 'textDocument/diagnostic',
    capability: {
      diagnosticProvider: { identifier: 'minicloud', interFileDependencies: false, workspaceDiagnostics: false },
    },
    answer: (open, { identifier }) => ({
      kind: 'full',
      items: (identifier === plainDiagnostics ? plainDiagnosticsOf : diagnosticsOf)(open).map((diagnostic) =>
        toLspDiagnostic(diagnostic, open),
      ),
    }),
    closed: { kind: 'full', items: [] },
  }),
  row<CodeActionParams, CodeAction[]>({
    method: 'textDocument/codeAction',
    capability: { codeActionProvider: { codeActionKinds } },
    answer: codeActions,
    closed: [],
  }),
  ...featureHandlers,
  row<SummaryParams, ManifestSummary | null>({
    method: summaryMethod,
    capability: {},
    answer: ({ parsed }) => summarize(parsed),
    closed: null,
  }),
  row<EnvValueParams, string | null>({
    method: envValueMethod,
    capability: {},
    answer({ parsed: { context } }, { name }) {
      const node = context.nodeAt(['env', name]);
      return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : null;
    },
    closed: null,
  }),
];
