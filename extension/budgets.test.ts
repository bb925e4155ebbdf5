/** What the extension may weigh and how long it may take, asserted on what is shipped. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Metafile } from 'esbuild';
import {
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import { assertBoundaries, extensionFolder, lazyBundles } from './build.ts';
import { packageExtension, stageExtension } from './package.ts';

const kilobyte = 1024;
const mostKilobytes: Record<string, number> = {
  // Read and run at activation.
  'extension.cjs': 200,
  // Read with the first manifest.
  'language-client.cjs': 450,
  // Read with the first terminal or port forward.
  'socket.cjs': 80,
  // Read with the first import: YAML and the rules of manifests.
  'importer.cjs': 400,
  // Read with the first manifest, too, when nothing else is done.
  'read-sources.cjs': 30,
  // Read with the first panel of metrics.
  'metrics-page.cjs': 20,
  // Read with the first command about config vars and secrets: the parser of .env files is in it.
  'config-commands.cjs': 60,
  'language-server.cjs': 450,
  // Read with the first manifest that has jobs.
  'next-runs.cjs': 50,
};

let folder: string;
let metafile: Metafile;
const bundle = (name: string): string => join(folder, 'dist', name);
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'minicloud-budgets-'));
  metafile = await stageExtension(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

describe('budgets of the packaged extension', () => {
  let vsix: string;
  before(async () => {
    vsix = await packageExtension(join(folder, 'packed'));
  });

  test('bundles and package are small', async () => {
    for (const [name, most] of Object.entries(mostKilobytes)) {
      const { size } = statSync(bundle(name));
      assert.ok(size <= most * kilobyte, `dist/${name} has ${Math.ceil(size / kilobyte)} KB, over ${most}`);
    }
    assert.ok(statSync(vsix).size <= 1024 * kilobyte, 'the package is over 1 MB');
    const files = filesIn(await readFile(vsix));
    assert.ok(files.length <= 60, `${files.length} files`);
    const bundles = Object.keys(mostKilobytes).map((name) => `extension/dist/${name}`);
    for (const wanted of [...bundles, 'extension/media/icon.png', 'extension/package.nls.json']) {
      assert.ok(files.includes(wanted), `${wanted} is not packed`);
    }
    assert.deepEqual(
      files.filter((name) => /\.ts$|node_modules|\.map$/.test(name)),
      [],
      'sources are packed',
    );
  });

  test('activation loads the extension’s own code and nothing of the language client', () => {
    const [, main] = Object.entries(metafile.outputs).find(([name]) => name.endsWith('extension.cjs')) ?? [];
    assert.ok(main);
    const loaded = Object.keys(main.inputs).filter((path) =>
      /languageclient|languageserver|jsonrpc|zod|yaml/.test(path),
    );
    assert.deepEqual(loaded, [], 'in the bundle that activation reads');
    const later = new Set(Object.values(lazyBundles));
    const imports = main.imports.filter(({ path }) => !path.startsWith('node:') && path !== 'vscode');
    assert.deepEqual(
      imports.map(({ path }) => path).filter((path) => !later.has(path)),
      [],
      'something else is loaded',
    );
  });

  test('a bundle with a file of the server, or a language server with the editor in it, is refused', () => {
    const output = (name: string, inputs: string[], imports: string[]): Metafile => ({
      inputs: {},
      outputs: {
        [name]: {
          bytes: 1,
          exports: [],
          inputs: Object.fromEntries(inputs.map((path) => [path, { bytesInOutput: 1 }])),
          imports: imports.map((path) => ({ path, kind: 'require-call' as const, external: true })),
        },
      },
    });
    assert.throws(
      () => assertBoundaries(output('dist/extension.cjs', ['../server/src/cloud.ts'], [])),
      /server\/src\/cloud\.ts/,
    );
    assert.throws(() => assertBoundaries(output('dist/language-server.cjs', [], ['vscode'])), /vscode/);
    assert.doesNotThrow(() =>
      assertBoundaries(
        output('dist/extension.cjs', ['src/extension.ts', 'language-server/server/protocol.ts'], ['vscode']),
      ),
    );
  });

  test('the entry is a table of contents', async () => {
    const lines = (await readFile(join(extensionFolder, 'src', 'extension.ts'), 'utf8')).split('\n').length;
    assert.ok(lines < 120, `${lines} lines`);
  });

  test('every text of package.json is in package.nls.json, and no other is', async () => {
    const manifest = await readFile(join(extensionFolder, 'package.json'), 'utf8');
    const used = new Set([...manifest.matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key));
    const texts = JSON.parse(await readFile(join(extensionFolder, 'package.nls.json'), 'utf8')) as Record<
      string,
      string
    >;
    assert.deepEqual([...used].sort(), Object.keys(texts).sort());
  });
});

describe('budgets of the language server', () => {
  const servers: ChildProcess[] = [];
  after(() => {
    for (const server of servers) server.kill();
  });

  async function start(): Promise<{ connection: MessageConnection; server: ChildProcess }> {
    const server = fork(bundle('language-server.cjs'), ['--node-ipc'], { silent: true });
    servers.push(server);
    const connection = createMessageConnection(new IPCMessageReader(server), new IPCMessageWriter(server));
    connection.listen();
    await connection.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
    return { connection, server };
  }

  test('it is ready in 150 ms', async () => {
    const times: number[] = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const { server } = await start();
      times.push(processorMs(server.pid ?? 0));
      server.kill();
    }
    assert.ok(Math.min(...times) <= 150, `ready after ${times.map(Math.round)} ms of processor time`);
  });

  test('a keystroke in a manifest of 100 lines is answered in 5 ms, and memory stays small', async () => {
    const { connection, server } = await start();
    const uri = 'file:///work/cloud_manifest.yml';
    const variables = Array.from({ length: 96 }, (_, index) => `  KEY_${index}: value ${index}`);
    const text = ['name: shop', 'expose:', '- port: 80', 'env:', ...variables, ''].join('\n');
    await connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'cloud-manifest', version: 1, text },
    });
    const stretches: number[] = [];
    for (let version = 2; version < 302; version += 1) {
      if (version % 30 === 2) stretches.push(processorMs(server.pid ?? 0));
      const range = { start: { line: 2, character: 8 }, end: { line: 2, character: version % 2 ? 13 : 10 } };
      const contentChanges = [{ range, text: version % 2 ? '80' : '70000' }];
      await connection.sendNotification('textDocument/didChange', { textDocument: { uri, version }, contentChanges });
      const report = await connection.sendRequest<{ items: unknown[] }>('textDocument/diagnostic', {
        textDocument: { uri },
      });
      assert.equal(report.items.length, version % 2 ? 0 : 1);
    }
    const each = stretches.slice(1).map((until, index) => (until - (stretches[index] ?? 0)) / 30);
    // The quietest of the stretches: a processor that is shared is slower, too.
    const least = Math.min(...each);
    assert.ok(least <= 5, `one takes ${each.map((ms) => ms.toFixed(1)).join(', ')} ms of processor time`);
    const own = privateMegabytes(server.pid ?? 0);
    assert.ok(own <= 40, `${own} MB of its own`);
  });
});

/**
 * What the main thread of a process has worked: unlike the time that goes by, it is not longer where others work too.
 * The bench has the times as people meet them.
 */
function processorMs(pid: number): number {
  const [ran] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ');
  return Number(ran) / 1e6;
}

/** Memory that only this process has; the pages of the Node program itself are shared with the editor's others. */
function privateMegabytes(pid: number): number {
  const kilobytes = /RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  assert.ok(kilobytes, 'the memory of the process can’t be read');
  return Number(kilobytes) / 1024;
}

/** Names in a zip file, from its central directory. */
function filesIn(zip: Buffer): string[] {
  const names: string[] = [];
  const signature = Buffer.from([0x50, 0x4b, 0x01, 0x02]);
  for (let at = zip.indexOf(signature); at >= 0; at = zip.indexOf(signature, at + 46)) {
    names.push(zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28)));
  }
  return names;
}
