/** The server over streams in memory, spoken to as an editor does. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, describe, test } from 'node:test';
import { CancellationTokenSource, createMessageConnection } from 'vscode-jsonrpc/node';
import type { CodeAction, CompletionItem, DocumentDiagnosticReport } from 'vscode-languageserver-protocol';
import * as protocol from 'vscode-languageserver-protocol';
import { connectionOptions } from './connection-options.ts';
import { handlers } from './handlers.ts';
import * as numbers from './numbers.ts';
import {
  factsMethod,
  type InitializationOptions,
  plainDiagnostics,
  sourcesMethod,
  summaryMethod,
  toldMethod,
} from './protocol.ts';
import { serve } from './serve.ts';

const uri = 'file:///work/cloud_manifest.yml';

function connect(options: InitializationOptions = {}) {
  const [toServer, toClient] = [new PassThrough(), new PassThrough()];
  const life: string[] = [];
  const logged: string[] = [];
  const log = (text: string): number => logged.push(text);
  const logger = { error: log, warn: log, info: log, log };
  serve(createMessageConnection(toServer, toClient, logger, connectionOptions), {
    initialized: (processId) => life.push(`initialized ${processId}`),
    exit: (orderly) => life.push(orderly ? 'exit' : 'exit without shutdown'),
  });
  const client = createMessageConnection(toClient, toServer);
  let refreshes = 0;
  client.onRequest('workspace/diagnostic/refresh', () => {
    refreshes += 1;
    return null;
  });
  client.listen();
  return {
    client,
    life,
    logged,
    async initialize() {
      const capabilities = { workspace: { diagnostics: { refreshSupport: true } } };
      const params = { processId: 42, rootUri: null, capabilities, initializationOptions: options };
      const result = await client.sendRequest<protocol.InitializeResult>('initialize', params);
      await client.sendNotification('initialized', {});
      return result;
    },
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
  const start = async (options?: InitializationOptions) => {
    const connected = connect(options);
    connections.push(connected.client);
    await connected.initialize();
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
    assert.deepEqual(
      actions.map(({ title, isPreferred }) => [title, isPreferred]),
      [
        ['Change to environment', true],
        ['Remove enviroment', undefined],
      ],
    );
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

  const everywhere = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };

  test('severities follow the settings at once, and only opinions can be turned off', async () => {
    const { client, open, refreshes } = await start({ severity: { 'manifest/stop-first-unsaid': 'warning' } });
    const severities = async (identifier?: string) => {
      const report = await client.sendRequest<{ items: protocol.Diagnostic[] }>('textDocument/diagnostic', {
        textDocument: { uri },
        identifier,
      });
      return report.items.map(({ code, severity }) => [code, severity]);
    };
    const set = (severity: object) =>
      client.sendNotification('workspace/didChangeConfiguration', { settings: { severity } });
    await open('name: shop\nexpose: [{ port: 70000 }]\nneeds: [storage]\n');
    const range = ['manifest/port-range', 1];
    assert.deepEqual(await severities(), [range, ['manifest/stop-first-unsaid', 2]]);
    await set({ 'manifest/stop-first-unsaid': 'off', 'manifest/port-range': 'off' });
    assert.deepEqual(await severities(), [range]);
    await set({ 'manifest/stop-first-unsaid': 'loud' });
    assert.deepEqual(await severities(), [range, ['manifest/stop-first-unsaid', 4]]);
    await set({ 'manifest/stop-first-unsaid': 'loud' });
    await severities();
    assert.equal(refreshes(), 2);
    await set({ 'manifest/port-range': 'hint', 'manifest/stop-first-unsaid': 'off' });
    assert.deepEqual(await severities(), [['manifest/port-range', 4]]);
    assert.deepEqual(await severities(plainDiagnostics), [range], 'agents are told what will be refused');
  });

  test('everything is mended that was before, however quietly or loudly it is told', async () => {
    const severity = { 'manifest/unknown-key': 'hint', 'manifest/stop-first-unsaid': 'error' };
    const { client, open } = await start({ severity });
    await open('name: shop\nexpse: [{ port: 80 }]\nneeds: [storage]\n');
    const [action] = await client.sendRequest<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri },
      range: everywhere,
      context: { diagnostics: [], only: ['source.fixAll'] },
    });
    const edits = action?.edit?.changes?.[uri] ?? [];
    assert.deepEqual(
      edits.map(({ newText }) => newText),
      ['o'],
    );
  });

  test('an opinion can be put to rest for its line, and in the settings where the editor can', async () => {
    const text = 'name: shop\nneeds:\n  - storage\n';
    for (const commands of [true, false]) {
      const { client, open, codes } = await start({ commands });
      await open(text);
      const actions = await client.sendRequest<CodeAction[]>('textDocument/codeAction', {
        textDocument: { uri },
        range: everywhere,
        context: { diagnostics: [] },
      });
      const inSettings = actions.find(({ command }) => command?.command === 'minicloud.disableRule');
      assert.deepEqual(inSettings?.command?.arguments, commands ? ['manifest/stop-first-unsaid'] : undefined);
      const href = actions[0]?.diagnostics?.[0]?.codeDescription?.href;
      assert.equal(href, commands ? 'minicloud-docs:/rules/stop-first-unsaid.md' : undefined);
      const here = actions.find(({ title }) => title === 'Disable manifest/stop-first-unsaid for this line');
      const [edit] = here?.edit?.changes?.[uri] ?? [];
      assert.equal(edit?.newText, '  # minicloud-disable-next-line manifest/stop-first-unsaid\n');
      await client.sendNotification('textDocument/didChange', {
        textDocument: { uri, version: 2 },
        contentChanges: [{ range: edit?.range, text: edit?.newText }],
      });
      assert.deepEqual(await codes(), []);
    }
  });

  test('what only a server found has its quick fixes, as long as the text is the one that it was told of', async () => {
    const { client, open, codes } = await start();
    await open('name: shop\nexpose:\n- port: 80\n  domains: [a.example.com, b.example.com]\n');
    const range = { start: { line: 3, character: 12 }, end: { line: 3, character: 25 } };
    const owned = {
      ...{ code: 'manifest/domain-owned', severity: 'error', message: 'a.example.com belongs to blog.', range },
      path: 'expose[0].domains[0]',
    };
    const unknown = { ...owned, code: 'manifest/of-tomorrow' };
    await client.sendNotification(toldMethod, { uri, diagnostics: [owned, unknown] });
    const ask = () =>
      client.sendRequest<CodeAction[]>('textDocument/codeAction', {
        textDocument: { uri },
        range: everywhere,
        context: { diagnostics: [] },
      });
    const [action, ...others] = await ask();
    assert.deepEqual(
      [action, ...others].map((each) => each?.title),
      ['Change to a-2.example.com', 'Change to a-3.example.com', 'Remove this domain'],
    );
    assert.deepEqual(
      action?.diagnostics?.map(({ source, code }) => [source, code]),
      [['minicloud server', 'manifest/domain-owned']],
    );
    assert.deepEqual(await codes(), [], 'the editor shows it, once');
    await client.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: (action?.edit?.changes?.[uri] ?? []).map(({ range, newText }) => ({ range, text: newText })),
    });
    assert.deepEqual(await ask(), []);
  });

  test('what the source reads is told as a hint with its place, follows what is known, and is refreshed', async () => {
    const { client, open, codes, refreshes } = await start();
    const sources = { reads: [{ name: 'STRIPE_KEY', file: 'src/a b.ts', line: 3 }], imageSets: [], unread: ['OLD'] };
    await open('name: shop\nenv: { OLD: x }\n');
    assert.deepEqual(await codes(), []);
    await client.sendNotification(sourcesMethod, { uri, sources });
    assert.deepEqual(await codes(), ['manifest/env-unset', 'manifest/env-unread']);
    const report = await client.sendRequest<{ items: protocol.Diagnostic[] }>('textDocument/diagnostic', {
      textDocument: { uri },
    });
    const at = { line: 2, character: 0 };
    assert.deepEqual(report.items[0]?.relatedInformation, [
      {
        message: 'STRIPE_KEY is read here.',
        location: { uri: 'file:///work/src/a%20b.ts', range: { start: at, end: at } },
      },
    ]);
    await client.sendNotification(sourcesMethod, { uri, sources });
    await codes();
    assert.equal(refreshes(), 1);
    await client.sendNotification(sourcesMethod, { uri, sources: null });
    assert.deepEqual(await codes(), []);
    assert.equal(refreshes(), 2);
  });

  test('fix all comes when it is asked for by its kind, and alone', async () => {
    const { client, open } = await start();
    await open('nmae: Shop\nexpose: [{ port: "80" }]\n');
    const ask = (only?: string[]) =>
      client.sendRequest<CodeAction[]>('textDocument/codeAction', {
        textDocument: { uri },
        range: everywhere,
        context: { diagnostics: [], ...(only ? { only } : {}) },
      });
    for (const kind of ['source', 'source.fixAll', 'source.fixAll.minicloud']) {
      const [action, ...others] = await ask([kind]);
      assert.deepEqual([action?.kind, others], ['source.fixAll.minicloud', []]);
    }
    assert.deepEqual(await ask(['refactor']), []);
    assert.deepEqual(await ask(['source.organizeImports']), []);
    assert.ok((await ask()).every(({ kind }) => kind === 'quickfix'));
  });

  test('a document that is not open is answered and not failed', async () => {
    const { client, codes } = await start();
    assert.deepEqual(await codes(), []);
    assert.equal(await client.sendRequest(summaryMethod, { uri }), null);
  });

  test('what is announced is answered, and what is not known is said to be so', async () => {
    const connected = connect();
    connections.push(connected.client);
    const { capabilities } = await connected.initialize();
    for (const { capability } of handlers)
      for (const key of Object.keys(capability)) assert.ok(key in capabilities, key);
    assert.equal(connected.life[0], 'initialized 42');
    await assert.rejects(connected.client.sendRequest('textDocument/nonsense', {}), { code: -32601 });
    await connected.client.sendNotification('$/nonsense', {});
    await connected.client.sendNotification('minicloud/nonsense', {});
    assert.deepEqual(await connected.codes(), []);
  });

  test('before the first and after the last request others are refused, and the end is told', async () => {
    const connected = connect();
    connections.push(connected.client);
    await assert.rejects(connected.codes(), { code: -32002 });
    await connected.initialize();
    await assert.rejects(connected.initialize(), { code: -32600 });
    assert.equal(await connected.client.sendRequest('shutdown'), null);
    await assert.rejects(connected.codes(), { code: -32600 });
    await connected.client.sendNotification('exit');
    await until(() => connected.life.includes('exit'));
  });

  test('an exit without shutdown, or a connection that ends, is no orderly one', async () => {
    const connected = connect();
    connections.push(connected.client);
    await connected.initialize();
    await connected.client.sendNotification('exit');
    await until(() => connected.life.includes('exit without shutdown'));
  });

  test('a cancelled request is not worked on', async () => {
    const { client, open } = await start();
    await open('name: shop\n');
    const source = new CancellationTokenSource();
    // In one breath, so that the second is in the queue behind the first when it is cancelled.
    const first = client.sendRequest('textDocument/documentSymbol', { textDocument: { uri } });
    const second = client.sendRequest('textDocument/documentSymbol', { textDocument: { uri } }, source.token);
    source.cancel();
    await assert.rejects(second, { code: -32800 });
    assert.equal(((await first) as unknown[]).length, 1);
  });

  test('nonsense in a message ends the message and not the server', async () => {
    const { client, open, codes, logged } = await start();
    await open('name: shop\nexpose:\n- port: 70000\n');
    await assert.rejects(client.sendRequest('textDocument/hover', { textDocument: { uri } }), { code: -32603 });
    assert.equal(await client.sendRequest('textDocument/hover', { textDocument: null, position: 'x' }), null);
    await client.sendNotification('textDocument/didChange', { textDocument: { uri, version: 2 }, contentChanges: 7 });
    await client.sendNotification('textDocument/didOpen', {});
    await client.sendNotification(factsMethod, {});
    await client.sendNotification('workspace/didChangeConfiguration', { settings: 'all' });
    assert.deepEqual(await codes(), ['manifest/port-range']);
    assert.ok(logged.length >= 2, 'and it is told');
  });

  test('the numbers of the protocol are the protocol’s', () => {
    const theirs: Record<string, Record<string, unknown>> = {
      diagnosticSeverity: protocol.DiagnosticSeverity,
      completionItemKind: protocol.CompletionItemKind,
      symbolKind: protocol.SymbolKind,
      documentHighlightKind: protocol.DocumentHighlightKind,
      insertTextFormat: protocol.InsertTextFormat,
      insertTextMode: protocol.InsertTextMode,
      textDocumentSyncKind: protocol.TextDocumentSyncKind,
      errorCodes: { ...protocol.ErrorCodes, ...protocol.LSPErrorCodes },
    };
    for (const [table, ours] of Object.entries(numbers)) {
      for (const [name, number] of Object.entries(ours))
        assert.equal(number, theirs[table]?.[name], `${table}.${name}`);
    }
  });
});

/** Waits for what a message will have done, and fails when it never does. */
async function until(done: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!done()) {
    assert.ok(Date.now() < deadline, 'it never came about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
