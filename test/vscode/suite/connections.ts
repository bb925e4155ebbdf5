import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { ConfigurationTarget, commands, window, workspace } from 'vscode';
import { closeEditors, companion, minicloud, openManifest, until } from './host.ts';
import type { HostTest } from './index.ts';

/** A server that answers nothing sensible and counts who asks. */
async function countingServer(): Promise<{ url: string; requests: () => number; close: () => void }> {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.writeHead(500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  return { url: `http://127.0.0.1:${address.port}`, requests: () => requests, close: () => void server.close() };
}

const quietMs = 1_500;

export const connectionTests: Record<string, HostTest> = {
  'no request is made while nothing of ours is seen, and some are when the view or a manifest is': async () => {
    const { services } = await minicloud();
    await commands.executeCommand('workbench.view.explorer');
    const counting = await countingServer();
    const { server } = await services.servers.add({ name: 'counting', url: counting.url }, 'mc_user_x_y');
    const linkOf = (): string | undefined => services.connections.get(server.id)?.connection.link.state;
    const quiet = async (): Promise<void> => {
      await until(() => linkOf() === 'idle', 'the server is let go');
      const before = counting.requests();
      await new Promise((resolve) => setTimeout(resolve, quietMs));
      assert.equal(counting.requests(), before);
    };
    try {
      await window.showTextDocument(await workspace.openTextDocument({ content: 'name: shop\n' }));
      await quiet();
      assert.equal(counting.requests(), 0);
      await openManifest('silent', 'name: shop\nimage: nginx:1\n');
      await until(() => counting.requests() > 0, 'a request when a manifest is seen');
      await until(() => linkOf() === 'unreachable', 'the server counts as unreachable');
      // Still open, and behind another.
      await window.showTextDocument(await workspace.openTextDocument({ content: 'name: other\n' }), { preview: false });
      await quiet();
      const before = counting.requests();
      await commands.executeCommand('minicloud.servers.focus');
      await until(() => counting.requests() > before, 'a request when the view is visible');
    } finally {
      await services.servers.remove(server.id);
      counting.close();
      await commands.executeCommand('workbench.view.explorer');
      await closeEditors();
    }
  },
  'of several servers the one that a manifest goes to is asked': async () => {
    const { services } = await minicloud();
    await commands.executeCommand('workbench.view.explorer');
    const [one, other] = await Promise.all([countingServer(), countingServer()]);
    const added = [
      await services.servers.add({ name: 'one', url: one.url }, 'mc_user_x_y'),
      await services.servers.add({ name: 'other', url: other.url }, 'mc_user_x_y'),
    ];
    const settings = workspace.getConfiguration('minicloud');
    try {
      await openManifest('several', 'name: shop\nimage: nginx:1\n');
      await new Promise((resolve) => setTimeout(resolve, quietMs));
      assert.deepEqual([one.requests(), other.requests()], [0, 0], 'asked although none was chosen');
      await settings.update('server', 'other', ConfigurationTarget.Workspace);
      await until(() => other.requests() > 0, 'a request to the server of the setting');
      assert.equal(one.requests(), 0);
    } finally {
      await settings.update('server', undefined, ConfigurationTarget.Workspace);
      for (const { server } of added) await services.servers.remove(server.id);
      for (const each of [one, other]) each.close();
      await closeEditors();
    }
  },
  'a server answers, and one that is away or refuses the token holds up none of the others': async () => {
    const { services } = await minicloud();
    const { url, token } = companion();
    const added = await Promise.all([
      services.servers.add({ name: 'away', url: 'http://127.0.0.1:1' }, 'mc_user_x_y'),
      services.servers.add({ name: 'refused', url }, 'mc_user_x_y'),
      services.servers.add({ name: 'good', url }, token),
    ]);
    const [away, refused, good] = added.map(({ server }) => server.id);
    const stateOf = (id = ''): string | undefined => services.connections.get(id)?.connection.link.state;
    await commands.executeCommand('minicloud.servers.focus');
    try {
      await until(() => stateOf(good) === 'online', 'the good one is online');
      await until(() => stateOf(away) === 'unreachable', 'the one that is away says so');
      await until(() => stateOf(refused) === 'rejected', 'the one that refuses the token says so');
      await services.tokens.set(refused ?? '', token);
      services.connections.get(refused ?? '')?.connection.retry();
      await until(() => stateOf(refused) === 'online', 'a replaced token counts at once');
    } finally {
      for (const { server } of added) await services.servers.remove(server.id);
    }
    assert.deepEqual(services.connections.all(), []);
  },
  'the token is kept by the secret storage and by nothing else': async () => {
    const { services } = await minicloud();
    const { url, token } = companion();
    const added = await services.servers.add({ name: 'kept', url }, token);
    assert.equal(added.token, 'kept');
    const { globalState, workspaceState } = services.context;
    for (const state of [globalState, workspaceState]) {
      const all = JSON.stringify(state.keys().map((key) => state.get(key)));
      assert.ok(!all.includes(token), 'a token in the editor’s state');
    }
    await services.servers.remove(added.server.id);
    assert.equal(await services.tokens.get(added.server.id), undefined);
  },
};
