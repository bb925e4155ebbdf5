/** The features through the protocol, over streams in memory: what the service answers arrives in the editor's terms. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import { createMessageConnection } from 'vscode-jsonrpc/node';
import type * as lsp from 'vscode-languageserver-protocol';
import { connectionOptions } from './connection-options.ts';
import { factsMethod, filesMethod, type LiveApp, liveMethod } from './protocol.ts';
import { serve } from './serve.ts';

const uri = 'file:///work/my%20app/cloud_manifest.yml';
const text = `name: shop # 👋
build: { dockerfile: { path: Dockerfile } }
processes:
  web: {}
expose:
- port: 80
  process: web
resources: {memory: 256MB}
`;
const live: LiveApp = { server: 'home', state: 'running', release: 4, urls: ['http://shop.test'] };

const silent = { error() {}, warn() {}, info() {}, log() {} };
const [toServer, toClient] = [new PassThrough(), new PassThrough()];
serve(createMessageConnection(toServer, toClient, silent, connectionOptions), { initialized() {}, exit() {} });
const client = createMessageConnection(toClient, toServer);
client.listen();
after(() => client.dispose());

const position = (line: number, character: number) => ({ textDocument: { uri }, position: { line, character } });
const ask = <Answer>(method: string, params: object): Promise<Answer> =>
  client.sendRequest(`textDocument/${method}`, params);

test('every feature is announced and answers through the protocol', async (run) => {
  const { capabilities } = await client.sendRequest<lsp.InitializeResult>('initialize', {
    ...{ processId: null, rootUri: null, capabilities: {}, initializationOptions: { inlayHints: true } },
  });
  const announced = [
    'completion',
    'hover',
    'signatureHelp',
    'documentSymbol',
    'documentLink',
    'definition',
    'references',
  ];
  announced.push('documentHighlight', 'rename', 'documentFormatting', 'documentRangeFormatting', 'inlayHint');
  announced.push('foldingRange', 'selectionRange');
  for (const name of announced) assert.ok(`${name}Provider` in capabilities, name);
  // What begins a value, an entry or a path.
  for (const begins of [' ', '-', ':', '"', "'", '[', '{', ',', '/', '.'])
    assert.ok(capabilities.completionProvider?.triggerCharacters?.includes(begins), begins);
  await client.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'cloud-manifest', version: 1, text },
  });

  await run.test('what the editor told is in hovers and links', async () => {
    await client.sendNotification(liveMethod, { uri, live });
    await client.sendNotification(filesMethod, { uri, files: ['Dockerfile'] });
    const hover = await ask<lsp.Hover>('hover', position(0, 2));
    assert.match((hover.contents as lsp.MarkupContent).value, /On home: running, release 4/);
    const links = await ask<lsp.DocumentLink[]>('documentLink', { textDocument: { uri } });
    assert.deepEqual(
      links.map(({ target }) => target),
      ['file:///work/my%20app/Dockerfile'],
    );
    await client.sendNotification(filesMethod, { uri, files: ['other'] });
    assert.deepEqual(await ask('documentLink', { textDocument: { uri } }), []);
    await client.sendNotification(liveMethod, { uri, live: null });
    const without = await ask<lsp.Hover>('hover', position(0, 2));
    assert.doesNotMatch((without.contents as lsp.MarkupContent).value, /home/);
  });

  await run.test(
    'a hover leads to the page of its key, where the editor has one, and no text of others is a link',
    async () => {
      const said = async (line: number, character: number): Promise<string> =>
        ((await ask<lsp.Hover>('hover', position(line, character))).contents as lsp.MarkupContent).value;
      const set = (commands: boolean) =>
        client.sendNotification('workspace/didChangeConfiguration', { settings: { commands } });
      assert.doesNotMatch(await said(5, 3), /Documentation/);
      await set(true);
      const link =
        /\n\n\[Documentation\]\(command:minicloud\.showDocumentation\?(.*)\)$/.exec(await said(5, 3))?.[1] ?? '';
      assert.deepEqual(JSON.parse(decodeURIComponent(link)), ['keys/expose.port']);
      const bad = '[x](command:minicloud.showDocumentation)';
      await client.sendNotification(liveMethod, { uri, live: { ...live, server: bad, image: bad, urls: [bad] } });
      assert.deepEqual((await said(0, 2)).match(/(?<!\\)\]\(/g), [']('], 'one link, ours');
      await client.sendNotification(liveMethod, { uri, live: null });
      await set(false);
    },
  );

  await run.test('a completion’s description comes when it is looked at', async () => {
    const items = await ask<lsp.CompletionItem[]>('completion', position(8, 0));
    const item = items.find(({ label }) => label === 'environment');
    assert.equal(item?.documentation, undefined);
    const resolved = await client.sendRequest<lsp.CompletionItem>('completionItem/resolve', item);
    assert.match((resolved.documentation as lsp.MarkupContent).value, /\*\*environment\*\*/);
    assert.deepEqual(item?.textEdit, {
      range: { start: { line: 8, character: 0 }, end: { line: 8, character: 0 } },
      newText: 'environment: $0',
    });
  });

  await run.test('a name is renamed everywhere, or it is told why not', async () => {
    const at = position(6, 12);
    const prepared = await ask<{ placeholder: string }>('prepareRename', at);
    assert.equal(prepared.placeholder, 'web');
    const edit = await ask<lsp.WorkspaceEdit>('rename', { ...at, newName: 'front' });
    assert.deepEqual(
      edit.changes?.[uri]?.map(({ range, newText }) => [range.start.line, newText]),
      [
        [3, 'front'],
        [6, 'front'],
      ],
    );
    await assert.rejects(ask('rename', { ...at, newName: 'No Name' }), {
      code: -32803,
      message: /^Such a name is 1 to 32/,
    });
    assert.equal(await ask('prepareRename', position(0, 8)), null);
    const definition = await ask<lsp.Location[]>('definition', at);
    assert.deepEqual(
      definition.map(({ range }) => range.start),
      [{ line: 3, character: 2 }],
    );
    const uses = await ask<lsp.Location[]>('references', { ...at, context: { includeDeclaration: false } });
    assert.deepEqual(
      uses.map(({ range }) => range.start),
      [{ line: 6, character: 11 }],
    );
    const marks = await ask<lsp.DocumentHighlight[]>('documentHighlight', at);
    assert.deepEqual(
      marks.map(({ kind }) => kind),
      [3, 2],
    );
  });

  await run.test('formatting of the file and of a part of it', async () => {
    const options = { tabSize: 2, insertSpaces: true };
    const edits = await ask<lsp.TextEdit[]>('formatting', { textDocument: { uri }, options });
    assert.deepEqual(edits, [
      { range: { start: { line: 7, character: 12 }, end: { line: 7, character: 25 } }, newText: ' memory: 256MB ' },
    ]);
    const range = { start: { line: 0, character: 0 }, end: { line: 7, character: 0 } };
    assert.deepEqual(await ask('rangeFormatting', { textDocument: { uri }, range, options }), []);
  });

  await run.test('hints by setting, for the lines that are seen', async () => {
    const range = { start: { line: 4, character: 0 }, end: { line: 6, character: 0 } };
    const hints = await ask<lsp.InlayHint[]>('inlayHint', { textDocument: { uri }, range });
    assert.deepEqual(
      hints.map(({ label }) => label),
      ['http'],
    );
    await client.sendNotification('workspace/didChangeConfiguration', { settings: { inlayHints: false } });
    assert.deepEqual(await ask('inlayHint', { textDocument: { uri }, range }), []);
  });

  await run.test('signatures, outline, folding and selections', async () => {
    const help = await ask<lsp.SignatureHelp>('signatureHelp', position(7, 22));
    assert.equal(help.signatures[0]?.label, '256MB');
    const outline = await ask<lsp.DocumentSymbol[]>('documentSymbol', { textDocument: { uri } });
    assert.deepEqual(
      outline.map(({ name }) => name),
      ['name', 'build', 'processes', 'expose', 'resources'],
    );
    const folds = await ask<lsp.FoldingRange[]>('foldingRange', { textDocument: { uri } });
    assert.deepEqual(
      folds.map(({ startLine, endLine }) => [startLine, endLine]),
      [
        [2, 3],
        [4, 6],
        [5, 6],
      ],
    );
    const [selection] = await ask<lsp.SelectionRange[]>('selectionRange', {
      ...{ textDocument: { uri }, positions: [{ line: 6, character: 12 }] },
    });
    assert.deepEqual(selection?.range, { start: { line: 6, character: 11 }, end: { line: 6, character: 14 } });
    assert.ok(selection?.parent?.parent);
  });
});

test('a secret without a value is set by a command of the editor, where the editor has it', async () => {
  for (const commands of [true, false]) {
    const [to, from] = [new PassThrough(), new PassThrough()];
    serve(createMessageConnection(to, from, silent, connectionOptions), { initialized() {}, exit() {} });
    const editor = createMessageConnection(from, to);
    editor.listen();
    await editor.sendRequest('initialize', {
      ...{ processId: null, rootUri: null, capabilities: {}, initializationOptions: { commands } },
    });
    const listing = 'name: shop\nimage: me/shop:1\nsecrets: [STRIPE_KEY]\n';
    await editor.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'cloud-manifest', version: 1, text: listing },
    });
    const facts = {
      complete: true,
      asOf: 1,
      serverDomain: 'd',
      domains: [],
      apps: [],
      secrets: {},
      features: ['secrets'],
    };
    await editor.sendNotification(factsMethod, { uri, facts, server: 'home' });
    const at = { line: 2, character: 12 };
    const actions = await editor.sendRequest<lsp.CodeAction[]>('textDocument/codeAction', {
      ...{ textDocument: { uri }, range: { start: at, end: at }, context: { diagnostics: [] } },
    });
    const setting = actions.find(({ command }) => command?.command === 'minicloud.setSecret');
    assert.equal(setting?.title, commands ? 'Set the secret STRIPE_KEY on home…' : undefined);
    assert.deepEqual(setting?.command?.arguments, commands ? [{ manifest: uri, name: 'STRIPE_KEY' }] : undefined);
    assert.equal(setting?.edit, undefined);
    editor.dispose();
  }
});
