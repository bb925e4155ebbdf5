/** What no manifest is, handed to the language server as an editor would: one clear word, no hang, and life goes on. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createMessageConnection, type MessageConnection } from 'vscode-jsonrpc/node';
import type { CodeAction, Diagnostic } from 'vscode-languageserver-protocol';

const entry = fileURLToPath(new URL('main.ts', import.meta.url));
const uri = 'file:///work/cloud_manifest.yml';
/** Processor time for all of an editor's questions about one text: what is caught here are minutes. */
const mostSeconds = 10;

let server: ChildProcess;
let client: MessageConnection;
before(async () => {
  const started = spawn(process.execPath, [entry, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  server = started;
  client = createMessageConnection(started.stdout, started.stdin);
  client.listen();
  await client.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
});
after(() => {
  client.dispose();
  server.kill();
});

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => `${line(index)}\n`).join('');
const kilobytes = 1024;

/** A text, and every diagnostic of it: its code, and its message where the words matter. */
const rows: [what: string, text: string, expected: (string | RegExp)[]][] = [
  [
    'a file of a megabyte',
    `name: shop\nenv:\n${lines(30_000, (n) => `  KEY_${n}: a value, number ${n}`)}`,
    ['too-large', /larger than 256 KB; put data in files/],
  ],
  ['a file of 20 MB in one line', `name: shop # ${'x'.repeat(20_000_000)}`, ['too-large']],
  ['one byte more than may be', `name: shop\n#${'x'.repeat(256 * kilobytes - 11)}`, ['too-large']],
  ['as many bytes as may be', `name: shop\n#${'x'.repeat(256 * kilobytes - 12)}`, []],
  [
    'a bomb of aliases',
    `name: shop\na0: &a0 [x]\n${lines(30, (n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}]`)}`,
    ['anchor', /There are \d+ more like it\./],
  ],
  ['merge keys around each other', 'name: shop\nenv: &e\n  <<: *e\n', ['anchor', 'merge-key', 'alias']],
  ['nested without end', '['.repeat(200_000), ['too-deep']],
  ['keys within keys without end', ': '.repeat(100_000), ['too-deep']],
  [
    'a program',
    '\u0000\u0001PK\u0003\u0004'.repeat(20_000),
    ['character', 'type', /The character U\+0000 .* There are 79999 more like it\./],
  ],
  [
    'a version that is still to come',
    'version: 2\nname: shop\nprobes: [{ live: /x }]\n',
    ['version', /^version is 2, which is newer than what is known here: 1; update Minicloud, or write/],
  ],
  ['a version in words', 'version: latest\nname: shop\n', ['version', /version is "latest"; the known version is 1\./]],
  ['no version behind the key', 'version:\nname: shop\n', ['empty-value', /write 1, or remove the key/]],
  ['nothing', '', ['empty', /write at least a name/]],
  ['half a name', 'na', ['type', /The manifest is a single value; write a map/]],
  ['half a key in a list', 'name: shop\nexpose:\n- po', ['type', /expose\[0\] is a single value/]],
  ['a quote that is open', 'name: "shop', ['syntax', /not closed with "/]],
  ['a dash', 'name: shop\nneeds:\n-', ['empty-value']],
];

test('what no manifest is gets one clear word, and no question about it keeps others waiting', async (run) => {
  let version = 0;
  const textDocument = { uri };
  const diagnostics = async (): Promise<Diagnostic[]> =>
    (await client.sendRequest<{ items: Diagnostic[] }>('textDocument/diagnostic', { textDocument })).items;
  await client.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'cloud-manifest', version, text: '' },
  });
  for (const [what, text, expected] of rows) {
    await run.test(what, async () => {
      version += 1;
      const before = processorSeconds();
      await client.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: [{ text }],
      });
      const found = await diagnostics();
      const codes = expected.filter((each) => typeof each === 'string').map((code) => `manifest/${code}`);
      assert.deepEqual([...new Set(found.map(({ code }) => code))].sort(), [...codes].sort());
      assert.equal(found.length, codes.length, 'each of them once');
      for (const words of expected.filter((each) => typeof each !== 'string'))
        assert.ok(
          found.some(({ message }) => words.test(String(message))),
          JSON.stringify(found),
        );
      await askAll(text);
      const spent = processorSeconds() - before;
      assert.ok(spent < mostSeconds, `${spent} s of processor time`);
    });
  }

  await run.test('and afterwards everything is as before', async () => {
    version += 1;
    const text = 'name: shop\nexpose: [{ port: 70000 }]\n';
    await client.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges: [{ text }],
    });
    assert.deepEqual(
      (await diagnostics()).map(({ code }) => code),
      ['manifest/port-range'],
    );
  });
});

test('a quarter of a megabyte with nothing right in it', async () => {
  const uri = 'file:///work/other/cloud_manifest.yml';
  const text = `name: shop\n${lines(15_000, (n) => `KEY_${n}: 1`)}`;
  await client.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'cloud-manifest', version: 1, text },
  });
  const before = processorSeconds();
  const textDocument = { uri };
  const { items } = await client.sendRequest<{ items: Diagnostic[] }>('textDocument/diagnostic', { textDocument });
  assert.equal(items.length, 201);
  assert.match(String(items.at(-1)?.message), /There is more wrong than is shown/);
  const range = { start: { line: 1, character: 0 }, end: { line: 1, character: 5 } };
  const actions = await client.sendRequest<CodeAction[]>('textDocument/codeAction', {
    ...{ textDocument, range, context: { diagnostics: [] } },
  });
  assert.ok(
    actions.some(({ title }) => title === 'Remove KEY_0'),
    'and it can be mended',
  );
  assert.ok(processorSeconds() - before < mostSeconds);
});

/** Whatever an editor may ask without being told to, at both ends of the text and in the middle. */
async function askAll(text: string): Promise<void> {
  const last = text.split('\n').length - 1;
  const places = [0, Math.floor(last / 2), last].map((line) => ({ line, character: 2 }));
  const textDocument = { uri };
  const questions = places.flatMap((position): [method: string, params: object][] => [
    ['completion', { position }],
    ['hover', { position }],
    ['signatureHelp', { position }],
    ['documentHighlight', { position }],
    ['selectionRange', { positions: [position] }],
    ['codeAction', { range: { start: position, end: position }, context: { diagnostics: [] } }],
  ]);
  const options = { tabSize: 2, insertSpaces: true };
  questions.push(['documentSymbol', {}], ['documentLink', {}], ['foldingRange', {}], ['formatting', { options }]);
  for (const [method, params] of questions)
    await client.sendRequest(`textDocument/${method}`, { textDocument, ...params });
}

/** Of the language server. Other programs of the machine are not counted. */
function processorSeconds(): number {
  // Behind the name in brackets: user time is the 12th field, system time the 13th, in hundredths. proc(5)
  const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
