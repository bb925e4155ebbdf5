/** The client side of the manifest language server. Loaded with the first manifest, never in `activate`. */
import type { ServerFacts } from 'minicloud-shared/manifest/model';
import { type ExtensionContext, extensions } from 'vscode';
import { LanguageClient, type LanguageClientOptions, TransportKind } from 'vscode-languageclient/node';
import {
  type FactsParams,
  factsMethod,
  type InitializationOptions,
  type ManifestSummary,
  type SummaryParams,
  summaryMethod,
} from '../../language-server/server/protocol.ts';

export interface ManifestClient {
  sendFacts(uri: string, facts: ServerFacts | null): Promise<void>;
  summary(uri: string): Promise<ManifestSummary | null>;
  stop(): Promise<void>;
}

export async function startManifestClient(context: ExtensionContext): Promise<ManifestClient> {
  const module = context.asAbsolutePath('dist/language-server.cjs');
  const run = { module, transport: TransportKind.ipc };
  const client = new LanguageClient('minicloud', 'Minicloud Manifest', { run, debug: run }, clientOptions());
  await client.start();
  return {
    sendFacts: (uri, facts) => client.sendNotification(factsMethod, { uri, facts } satisfies FactsParams),
    summary: (uri) => client.sendRequest<ManifestSummary | null>(summaryMethod, { uri } satisfies SummaryParams),
    stop: () => client.dispose(),
  };
}

function clientOptions(): LanguageClientOptions {
  const initializationOptions: InitializationOptions = {
    otherYaml: extensions.getExtension('redhat.vscode-yaml')?.isActive === true,
  };
  return {
    // The file names again, for a person who set the language of a manifest back to YAML or JSON.
    documentSelector: [
      { language: 'cloud-manifest' },
      { language: 'yaml', pattern: '**/cloud_manifest.{yml,yaml}' },
      { language: 'json', pattern: '**/cloud_manifest.json' },
      { language: 'jsonc', pattern: '**/cloud_manifest.json' },
    ],
    diagnosticPullOptions: { onChange: true, onTabs: false },
    initializationOptions,
    // The server makes its Markdown from the schema; nothing in it needs to run a command or be HTML.
    markdown: { isTrusted: false, supportHtml: false },
  };
}
