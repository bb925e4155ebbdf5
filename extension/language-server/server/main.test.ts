/** The server as a process of its own, over standard input and output as any editor may run it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createMessageConnection } from 'vscode-jsonrpc/node';

const entry = fileURLToPath(new URL('main.ts', import.meta.url));

describe('the process of the language server', () => {
  const processes: ChildProcess[] = [];
  after(() => {
    for (const each of processes) each.kill();
  });
  function start() {
    const server = spawn(process.execPath, [entry, '--stdio'], { stdio: ['pipe', 'pipe', 'pipe'] });
    processes.push(server);
    const client = createMessageConnection(server.stdout, server.stdin);
    client.onError(() => {});
    client.listen();
    const initialize = (processId: number) =>
      client.sendRequest<{ serverInfo: unknown }>('initialize', { processId, rootUri: null, capabilities: {} });
    return { server, client, initialize };
  }
  const ended = (server: ChildProcess) => once(server, 'exit', { signal: AbortSignal.timeout(20_000) });

  test('speaks over standard input and output, and ends when told', async () => {
    const { server, client, initialize } = start();
    assert.deepEqual((await initialize(process.pid)).serverInfo, { name: 'minicloud' });
    const exit = ended(server);
    await client.sendRequest('shutdown');
    await client.sendNotification('exit');
    assert.deepEqual(await exit, [0, null]);
  });

  test('ends when its input ends', async () => {
    const { server, initialize } = start();
    await initialize(process.pid);
    const exit = ended(server);
    server.stdin.end();
    assert.deepEqual(await exit, [1, null]);
  });

  test('ends when the editor is gone, though something keeps the streams open', async () => {
    const editor = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    processes.push(editor);
    const { server, initialize } = start();
    await initialize(editor.pid ?? 0);
    const exit = ended(server);
    editor.kill();
    assert.deepEqual(await exit, [1, null]);
  });
});
