/** The client side of the manifest language server. Loaded with the first manifest, never in `activate`. */
import type { Diagnostic, ServerFacts, SourceReads } from 'minicloud-shared/manifest/model';
import { Disposable, type ExtensionContext, extensions, languages, type Uri, workspace } from 'vscode';
import { LanguageClient, type LanguageClientOptions, TransportKind } from 'vscode-languageclient/node';
import {
  type EnvValueParams,
  envValueMethod,
  type FactsParams,
  type FilesParams,
  factsMethod,
  filesMethod,
  type InitializationOptions,
  type LiveApp,
  type LiveParams,
  liveMethod,
  type ManifestSummary,
  plainDiagnostics,
  type SourcesParams,
  type SummaryParams,
  showDocumentationCommand,
  sourcesMethod,
  summaryMethod,
  type ToldParams,
  toldMethod,
} from '../../language-server/server/protocol.ts';
import { checkedSchemes } from '../deploy/manifest-source.ts';

/** A diagnostic of the protocol, as far as it is read here. `severity` is 1 for an error to 4 for a hint. */
export interface PulledDiagnostic {
  range: { start: { line: number; character: number } };
  severity?: number;
  message: string;
  code?: string | number;
}

export interface ManifestClient {
  /** `server` is what the person calls it. */
  sendFacts(uri: string, facts: ServerFacts | null, server: string | undefined): Promise<void>;
  sendLive(uri: string, live: LiveApp | null): Promise<void>;
  sendFiles(uri: string, files: string[]): Promise<void>;
  sendSources(uri: string, sources: SourceReads | null): Promise<void>;
  sendTold(uri: string, diagnostics: Diagnostic[]): Promise<void>;
  /** The settings as they are now. */
  sendSettings(): Promise<void>;
  summary(uri: string): Promise<ManifestSummary | null>;
  /** The value of a variable under `env`. */
  envValue(uri: string, name: string): Promise<string | null>;
  /** What the language server says of an open manifest now. */
  diagnose(uri: string): Promise<PulledDiagnostic[]>;
  stop(): Promise<void>;
}

/** `hovering` is waited for before a hover is asked for. */
export async function startManifestClient(
  context: ExtensionContext,
  hovering: (uri: Uri) => Promise<void>,
): Promise<ManifestClient> {
  const module = context.asAbsolutePath('dist/language-server.cjs');
  const run = { module, transport: TransportKind.ipc };
  const client = new LanguageClient('minicloud', 'Minicloud Manifest', { run, debug: run }, clientOptions(hovering));
  let toldOtherYaml = otherYaml();
  await client.start();
  const sendSettings = (): Promise<void> =>
    client.sendNotification('workspace/didChangeConfiguration', { settings: settings() });
  // Nothing tells that another extension became active, but what it finds.
  const lookAgain = (): void => {
    if (otherYaml() === toldOtherYaml) return;
    toldOtherYaml = !toldOtherYaml;
    void sendSettings().catch(() => {});
  };
  const looking = Disposable.from(extensions.onDidChange(lookAgain), languages.onDidChangeDiagnostics(lookAgain));
  // It may have become active while the language server started.
  lookAgain();
  return {
    sendFacts: (uri, facts, server) =>
      client.sendNotification(factsMethod, { uri, facts, ...(server ? { server } : {}) } satisfies FactsParams),
    sendLive: (uri, live) => client.sendNotification(liveMethod, { uri, live } satisfies LiveParams),
    sendFiles: (uri, files) => client.sendNotification(filesMethod, { uri, files } satisfies FilesParams),
    sendSources: (uri, sources) => client.sendNotification(sourcesMethod, { uri, sources } satisfies SourcesParams),
    sendTold: (uri, diagnostics) => client.sendNotification(toldMethod, { uri, diagnostics } satisfies ToldParams),
    sendSettings,
    summary: (uri) => client.sendRequest<ManifestSummary | null>(summaryMethod, { uri } satisfies SummaryParams),
    envValue: (uri, name) => client.sendRequest<string | null>(envValueMethod, { uri, name } satisfies EnvValueParams),
    async diagnose(uri) {
      const report = await client.sendRequest<{ items?: PulledDiagnostic[] }>('textDocument/diagnostic', {
        textDocument: { uri },
        identifier: plainDiagnostics,
      });
      return report.items ?? [];
    },
    stop() {
      looking.dispose();
      return client.dispose();
    },
  };
}

/** Sent when the language server starts, and again when a person changes them. */
function settings(): InitializationOptions {
  const manifest = workspace.getConfiguration('minicloud.manifest');
  return {
    commands: true,
    severity: manifest.get<Record<string, string>>('severity', {}),
    otherYaml: otherYaml(),
    inlayHints: manifest.get('inlayHints', false),
  };
}

/** The one that shows errors of YAML in files of that language. */
function otherYaml(): boolean {
  return extensions.getExtension('redhat.vscode-yaml')?.isActive === true;
}

function clientOptions(hovering: (uri: Uri) => Promise<void>): LanguageClientOptions {
  return {
    // The file names again, for a person who set the language of a manifest back to YAML or JSON.
    documentSelector: checkedSchemes.flatMap((scheme) => [
      { scheme, language: 'cloud-manifest' },
      { scheme, language: 'yaml', pattern: '**/cloud_manifest.{yml,yaml}' },
      { scheme, language: 'json', pattern: '**/cloud_manifest.json' },
      { scheme, language: 'jsonc', pattern: '**/cloud_manifest.json' },
    ]),
    middleware: {
      async provideHover(document, position, token, next) {
        await hovering(document.uri);
        return next(document, position, token);
      },
    },
    diagnosticPullOptions: { onChange: true, onTabs: false },
    initializationOptions: settings(),
    // The server makes its Markdown from the schema, and escapes what is from elsewhere: a page is all it may open.
    markdown: { isTrusted: { enabledCommands: [showDocumentationCommand] }, supportHtml: false },
  };
}
