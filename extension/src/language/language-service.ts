import type { Diagnostic, ServerFacts, Severity } from 'minicloud-shared/manifest/model';
import * as vscode from 'vscode';
import {
  CancellationTokenSource,
  type Disposable,
  type ExtensionContext,
  l10n,
  languages,
  Range,
  type TextDocument,
  Uri,
  window,
  workspace,
} from 'vscode';
import { type ManifestSummary, toldSource } from '../../language-server/server/protocol.ts';
import { checkedSchemes, isManifest } from '../deploy/manifest-source.ts';
import type { ManifestTargets } from '../deploy/manifest-targets.ts';
import { createEnvLint } from '../env-lint/env-lint.ts';
import type { Connections, LiveServer } from '../servers/connections.ts';
import { createMeasuring, lookerOf } from './detail-looks.ts';
import type { ManifestClient } from './language-client.ts';
import { liveApp } from './live-app.ts';
import { filesAround } from './manifest-files.ts';
import { rulePage } from './rule-pages.ts';

/** Lines and characters from 0. */
export interface ManifestFinding {
  line: number;
  character: number;
  severity: Severity;
  message: string;
  code: string;
}

const pulledSeverities: readonly Severity[] = ['error', 'warning', 'information', 'hint'];

/** Manifests in the editor. The language server starts with the first of them and not before. */
export interface LanguageService extends Disposable {
  /** What the manifest says about itself; undefined when it can't be read. */
  summary(uri: Uri): Promise<ManifestSummary | undefined>;
  /** The value of a variable that stands under `env` of an open manifest. */
  envValue(uri: Uri, name: string): Promise<string | null>;
  /** What the rules say of a manifest as it is in the editor, saved or not. */
  diagnose(uri: Uri): Promise<ManifestFinding[]>;
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
  const sentLive = new Map<string, string>();
  const ending = new CancellationTokenSource();
  let starting: Promise<ManifestClient> | undefined;

  /** The client's code is a third of the bundle: it is loaded for the first manifest. */
  const start = (): Promise<ManifestClient> => {
    starting ??= import('./language-client.ts').then(({ startManifestClient }) =>
      startManifestClient(context, (uri) => measuring(uri.toString())),
    );
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
      const target = targets.of(uri);
      await pushLive(client, uri, target);
      const facts = target?.connection.facts;
      if (sent.get(uri.toString()) === facts) continue;
      sent.set(uri.toString(), facts);
      await client.sendFacts(uri.toString(), facts ?? null, target?.server.name);
      // What has a value by now is said by the language server, which knows it.
      const told = fromServer.get(uri);
      if (facts?.complete && told)
        fromServer.set(
          uri,
          told.filter(({ code }) => codeOf(code) !== 'manifest/secret-value'),
        );
    }
  };

  /** What hovers tell of the app: only while the server is online, for yesterday's state is not what it runs. */
  const pushLive = async (client: ManifestClient, uri: Uri, target: LiveServer | undefined): Promise<void> => {
    const online = target?.connection.link.state === 'online' ? target : undefined;
    const name = online && (await client.summary(uri.toString()))?.name;
    const live = online && name ? liveApp(online.server.name, online.connection.snapshot, name) : undefined;
    const said = JSON.stringify(live ?? null);
    if ((sentLive.get(uri.toString()) ?? 'null') === said) return;
    sentLive.set(uri.toString(), said);
    await client.sendLive(uri.toString(), live ?? null);
  };

  /** A hover tells what is used now. */
  const measuring = createMeasuring(async (file) => {
    const connection = targets.of(Uri.parse(file))?.connection;
    if (!connection?.snapshot.info?.features.includes('metrics')) return;
    await connection.refreshDetails(lookerOf(file));
    await pushFacts();
  });

  const pushFiles = async (documents: readonly TextDocument[]): Promise<void> => {
    if (!starting) return;
    const client = await starting;
    for (const { uri } of documents.filter(isManifestDocument)) {
      await client.sendFiles(uri.toString(), await filesAround(uri, ending.token));
    }
  };
  const envLint = createEnvLint(
    () => workspace.textDocuments.filter(isManifestDocument),
    async (uri, sources) => (await starting)?.sendSources(uri, sources),
  );
  const filesChanged = (): void => void pushFiles(workspace.textDocuments).catch(() => {});

  const opened = (document: TextDocument): void => {
    if (!isManifestDocument(document)) return;
    void start().then(pushFacts, () => {});
    void start()
      .then(() => pushFiles([document]))
      .then(envLint.look)
      .catch(() => {});
  };
  const subscriptions = [
    fromServer,
    ending,
    envLint,
    workspace.onDidCreateFiles(filesChanged),
    workspace.onDidDeleteFiles(filesChanged),
    workspace.onDidRenameFiles(filesChanged),
    // Files come from terminals, too: who comes back to a manifest gets what is there now.
    window.onDidChangeActiveTextEditor((editor) => {
      if (editor) void pushFiles([editor.document]).catch(() => {});
    }),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('minicloud.manifest')) void starting?.then((client) => client.sendSettings());
    }),
    workspace.onDidOpenTextDocument(opened),
    workspace.onDidCloseTextDocument(({ uri }) => {
      sent.delete(uri.toString());
      sentLive.delete(uri.toString());
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
    envValue: async (uri, name) => (await start()).envValue(uri.toString(), name),
    async diagnose(uri) {
      await workspace.openTextDocument(uri);
      const client = await start();
      return (await client.diagnose(uri.toString())).map(({ range: { start: at }, severity = 1, message, code }) => ({
        ...{ line: at.line, character: at.character, message, code: String(code ?? '') },
        severity: pulledSeverities[severity - 1] ?? 'error',
      }));
    },
    showServerDiagnostics(uri, diagnostics) {
      const known = languages.getDiagnostics(uri).filter(({ source }) => source === 'minicloud');
      const said = (each: Diagnostic): boolean =>
        known.some(({ code, range }) => codeOf(code) === each.code && range.start.line === each.range.start.line);
      const fresh = diagnostics.filter((each) => !said(each));
      fromServer.set(
        uri,
        fresh.map((each) => toVscode(each, uri)),
      );
      // Their quick fixes are the language server's business.
      void starting?.then((client) => client.sendTold(uri.toString(), fresh)).catch(() => {});
    },
    async restart() {
      const running = starting;
      starting = undefined;
      sent.clear();
      sentLive.clear();
      await running?.then((client) => client.stop());
      await start();
      await pushFacts();
      await pushFiles(workspace.textDocuments);
      envLint.look();
    },
    dispose() {
      ending.cancel();
      for (const subscription of subscriptions) subscription.dispose();
      void starting?.then((client) => client.stop());
    },
  };
}

function isManifestDocument({ uri, languageId }: TextDocument): boolean {
  return isManifest(uri) || (languageId === 'cloud-manifest' && checkedSchemes.includes(uri.scheme));
}

const severities: Record<Severity, vscode.DiagnosticSeverity> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

/** Codes come with a link to their page. */
export function codeOf(code: vscode.Diagnostic['code']): string | undefined {
  return typeof code === 'object' ? String(code.value) : code?.toString();
}

function toVscode({ range, message, severity, code, related = [] }: Diagnostic, uri: Uri): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(toRange(range), message, severities[severity]);
  diagnostic.relatedInformation = related.map((each) => {
    const place = each.file === undefined ? uri : vscode.Uri.joinPath(uri, '..', each.file);
    return new vscode.DiagnosticRelatedInformation(new vscode.Location(place, toRange(each.range)), each.message);
  });
  diagnostic.source = toldSource;
  diagnostic.code = { value: code, target: rulePage(code) };
  return diagnostic;
}

function toRange({ start, end }: Diagnostic['range']): Range {
  return new Range(start.line, start.character, end.line, end.character);
}
