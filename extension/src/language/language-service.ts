import type { Diagnostic, ServerFacts, Severity } from 'minicloud-shared/manifest/model';
import * as vscode from 'vscode';
import {
  type Disposable,
  type ExtensionContext,
  l10n,
  languages,
  Range,
  type TextDocument,
  type Uri,
  window,
  workspace,
} from 'vscode';
import type { ManifestSummary } from '../../language-server/server/protocol.ts';
import { isManifest } from '../deploy/manifest-source.ts';
import type { ManifestTargets } from '../deploy/manifest-targets.ts';
import type { Connections } from '../servers/connections.ts';
import type { ManifestClient } from './language-client.ts';

/** Manifests in the editor. The language server starts with the first of them and not before. */
export interface LanguageService extends Disposable {
  /** What the manifest says about itself; undefined when it can't be read. */
  summary(uri: Uri): Promise<ManifestSummary | undefined>;
  /** Shows what only the server found; what the language server says of the same place is not said twice. */
  showServerDiagnostics(uri: Uri, diagnostics: readonly Diagnostic[]): void;
  restart(): Promise<void>;
}

export function createLanguageService(
  context: ExtensionContext,
  connections: Connections,
  targets: ManifestTargets,
): LanguageService {
  const fromServer = languages.createDiagnosticCollection('minicloud-server');
  const sent = new Map<string, ServerFacts | undefined>();
  let starting: Promise<ManifestClient> | undefined;

  /** The client's code is a third of the bundle: it is loaded for the first manifest. */
  const start = (): Promise<ManifestClient> => {
    starting ??= import('./language-client.ts').then(({ startManifestClient }) => startManifestClient(context));
    starting.catch((error: unknown) => {
      starting = undefined;
      void window.showErrorMessage(
        l10n.t(
          'The manifest language server did not start: {0}',
          error instanceof Error ? error.message : String(error),
        ),
      );
    });
    return starting;
  };

  const pushFacts = async (): Promise<void> => {
    if (!starting) return;
    const client = await starting;
    for (const { uri } of workspace.textDocuments.filter(isManifestDocument)) {
      const facts = targets.of(uri)?.connection.facts;
      if (sent.get(uri.toString()) === facts) continue;
      sent.set(uri.toString(), facts);
      await client.sendFacts(uri.toString(), facts ?? null);
    }
  };

  const opened = (document: TextDocument): void => {
    if (isManifestDocument(document)) void start().then(pushFacts, () => {});
  };
  const subscriptions = [
    fromServer,
    workspace.onDidOpenTextDocument(opened),
    workspace.onDidCloseTextDocument(({ uri }) => {
      sent.delete(uri.toString());
      fromServer.delete(uri);
    }),
    // A place that was edited may be right now; the server is asked again with the next plan.
    workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length > 0) fromServer.delete(document.uri);
    }),
    connections.onDidChange(() => void pushFacts().catch(() => {})),
    targets.onDidChange(() => void pushFacts().catch(() => {})),
  ];
  workspace.textDocuments.forEach(opened);

  return {
    async summary(uri) {
      await workspace.openTextDocument(uri);
      const client = await start();
      return (await client.summary(uri.toString())) ?? undefined;
    },
    showServerDiagnostics(uri, diagnostics) {
      const known = languages.getDiagnostics(uri).filter(({ source }) => source === 'minicloud');
      const said = (each: Diagnostic): boolean =>
        known.some(({ code, range }) => code === each.code && range.start.line === each.range.start.line);
      fromServer.set(uri, diagnostics.filter((each) => !said(each)).map(toVscode));
    },
    async restart() {
      const running = starting;
      starting = undefined;
      sent.clear();
      await running?.then((client) => client.stop());
      await start();
      await pushFacts();
    },
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
      void starting?.then((client) => client.stop());
    },
  };
}

function isManifestDocument({ uri, languageId }: TextDocument): boolean {
  return languageId === 'cloud-manifest' || isManifest(uri);
}

const severities: Record<Severity, vscode.DiagnosticSeverity> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

function toVscode({ range: { start, end }, message, severity, code }: Diagnostic): vscode.Diagnostic {
  const range = new Range(start.line, start.character, end.line, end.character);
  const diagnostic = new vscode.Diagnostic(range, message, severities[severity]);
  diagnostic.source = 'minicloud server';
  diagnostic.code = code;
  return diagnostic;
}
