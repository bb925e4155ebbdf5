/** The server over streams in memory, spoken to as an editor does. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, describe, test } from 'node:test';
import {
  type CodeAction,
  type CompletionItem,
  createConnection,
  createMessageConnection,
  type DocumentDiagnosticReport,
  ProposedFeatures,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { factsMethod, summaryMethod } from './protocol.ts';
import { serve } from './serve.ts';

const uri = 'file:///work/cloud_manifest.yml';

async function connect(options: { otherYaml?: boolean } = {}) {
  const [toServer, toClient] = [new PassThrough(), new PassThrough()];
  serve(createConnection(ProposedFeatures.all, toServer, toClient));
  const client = createMessageConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer));
  let refreshes = 0;
  client.onRequest('workspace/diagnostic/refresh', () => {
    refreshes += 1;
    return null;
  });
  client.listen();
  const capabilities = { workspace: { diagnostics: { refreshSupport: true } } };
  await client.sendRequest('initialize', {
    processId: null,
    rootUri: null,
    capabilities,
    initializationOptions: options,
  });
  await client.sendNotification('initialized', {});
  return {
    client,
    refreshes: () => refreshes,
    open: (text: string, languageId = 'cloud-manifest') =>
      client.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId, version: 1, text } }),
    async codes(): Promise<unknown[]> {
      const report = await client.sendRequest<DocumentDiagnosticReport>('textDocument/diagnostic', {
        textDocument: { uri },
      });
      assert.equal(report.kind, 'full');
      return report.kind === 'full' ? report.items.map(({ code }) => code) : [];
    },
  };
}

describe('the manifest language server', () => {
  const connections: { dispose(): void }[] = [];
  const start = async (options?: { otherYaml?: boolean }) => {
    const connected = await connect(options);
    connections.push(connected.client);
    return connected;
  };
  after(() => {
    for (const connection of connections) connection.dispose();
  });

  test('diagnostics are pulled and follow each edit', async () => {
    const { client, open, codes } = await start();
    await open('name: shop\nexpose:\n- port: 70000\n');
    assert.deepEqual(await codes(), ['manifest/port-range']);
    const range = { start: { line: 2, character: 8 }, end: { line: 2, character: 13 } };
    await client.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ range, text: '80' }],
    });
    assert.deepEqual(await codes(), []);
  });

  test('new facts refresh the diagnostics, the same facts with another age do not', async () => {
    const { client, open, codes, refreshes } = await start();
    const facts = {
      complete: true,
      asOf: 1,
      serverDomain: 'd',
      domains: [{ name: 'a.example.com', app: 'other' }],
      apps: [],
      secrets: {},
      features: [],
    };
    await open('name: shop\nexpose:\n- port: 80\n  domains: [a.example.com]\n');
    assert.deepEqual(await codes(), []);
    await client.sendNotification(factsMethod, { uri, facts });
    assert.ok((await codes()).includes('manifest/domain-owned'));
    await client.sendNotification(factsMethod, { uri, facts: { ...facts, asOf: 2 } });
    await codes();
    assert.equal(refreshes(), 1);
    await client.sendNotification(factsMethod, { uri, facts: null });
    assert.deepEqual(await codes(), []);
    assert.equal(refreshes(), 2);
  });

  test('a quick fix comes with the diagnostic it belongs to', async () => {
    const { client, open } = await start();
    await open('name: shop\nenviroment: staging\n');
    const range = { start: { line: 1, character: 3 }, end: { line: 1, character: 3 } };
    const actions = await client.sendRequest<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri },
      range,
      context: { diagnostics: [] },
    });
    assert.equal(actions.length, 1);
    assert.equal(actions[0]?.diagnostics?.[0]?.code, 'manifest/unknown-key');
    assert.equal(actions[0]?.edit?.changes?.[uri]?.[0]?.newText, 'environment');
    const elsewhere = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
    assert.deepEqual(
      await client.sendRequest('textDocument/codeAction', {
        textDocument: { uri },
        range: elsewhere,
        context: { diagnostics: [] },
      }),
      [],
    );
  });

  test('completion replaces the word that was begun', async () => {
    const { client, open } = await start();
    await open('name: shop\nenv\n');
    const items = await client.sendRequest<CompletionItem[]>('textDocument/completion', {
      textDocument: { uri },
      position: { line: 1, character: 3 },
    });
    const item = items.find(({ label }) => label === 'environment');
    assert.deepEqual(item?.textEdit, {
      range: { start: { line: 1, character: 0 }, end: { line: 1, character: 3 } },
      newText: 'environment: $0',
    });
  });

  test('in a file of another language, YAML’s own errors are left to that language’s server', async () => {
    const { open, codes } = await start({ otherYaml: true });
    await open('name: "shop\n', 'yaml');
    assert.ok(!(await codes()).includes('manifest/syntax'));
  });

  test('a document that is not open is answered and not failed', async () => {
    const { client, codes } = await start();
    assert.deepEqual(await codes(), []);
    assert.equal(await client.sendRequest(summaryMethod, { uri }), null);
  });
});
