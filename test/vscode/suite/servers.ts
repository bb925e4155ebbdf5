/** How servers come into the editor, and what is asked before a port of one of their apps is forwarded. */
import assert from 'node:assert/strict';
import { addServer } from 'minicloud/src/commands/add-server.ts';
import { pickTarget, serviceTarget } from 'minicloud/src/forwards/pick-target.ts';
import { addLinkedServer } from 'minicloud/src/servers/add-linked-server.ts';
import { ProcessNode } from 'minicloud/src/tree/process-node.ts';
import { RowNode } from 'minicloud/src/tree/row-node.ts';
import { ServerNode } from 'minicloud/src/tree/server-node.ts';
import { ConfigurationTarget, type InputBoxOptions, type window, workspace } from 'vscode';
import { startGate } from '../gate.ts';
import { answering, companion, minicloud, until, withServer } from './host.ts';
import type { HostTest } from './index.ts';

/** Types these, one into each box. */
function typing(...texts: ((suggested: string | undefined) => string)[]): typeof window.showInputBox {
  return (async ({ value }: InputBoxOptions) => texts.shift()?.(value)) as typeof window.showInputBox;
}

/** Presses the button of every question. */
const agreeing = (async (_: string, __: object, button: string) => button) as typeof window.showWarningMessage;

const targets = [
  { target: 'web', kind: 'process', replicas: [1], ports: [{ port: 80, urlTemplate: 'http://127.0.0.1:{port}/' }] },
  ...['DATABASE_URL', 'ORDERS_URL'].map((env) => ({
    target: 'mariadb',
    kind: 'service',
    replicas: [],
    ports: [{ port: 3306, urlTemplate: 'mysql://127.0.0.1:{port}/' }],
    env,
  })),
];
const picked = {
  live: { server: { id: 's' }, api: { forwards: { targets: { query: async () => targets } } } },
  app: { name: 'shop' },
} as unknown as Parameters<typeof pickTarget>[0];
const web = new ProcessNode(picked.live, picked.app as never, { name: 'web', kind: 'process', count: 1, replicas: [] });
const orders = new RowNode('x', picked.live, picked.app, {
  icon: 'x',
  label: 'mariadb',
  facets: ['binding'],
  env: 'ORDERS_URL',
});
const none = { of: () => [] };

export const serverTests: Record<string, HostTest> = {
  'an address that is there already gets the token that is typed, and no second entry': () =>
    withServer('known', async (serverId) => {
      const { services } = await minicloud();
      const { url, token } = companion();
      await services.tokens.set(serverId, 'mc_user_old_old');
      const showInputBox = typing(
        () => `${url}/`,
        () => token,
      );
      await answering({ showInputBox }, () => addServer(services));
      assert.deepEqual(
        services.servers.all().map(({ name }) => name),
        ['known'],
      );
      assert.equal(await services.tokens.get(serverId), token);
    }),
  'what a link was redeemed for is kept when the server does not answer then': async () => {
    const { services } = await minicloud();
    const { url } = companion();
    const gate = await startGate(url);
    let code = '';
    await withServer('maker', async (serverId) => {
      const api = services.connections.get(serverId)?.api;
      code = (await api?.access.createCode.mutate({ name: 'linked' }))?.code ?? '';
    });
    gate.change((procedure, data) => {
      if (procedure === 'system.info') void gate.cut();
      return data;
    });
    try {
      await answering({ showWarningMessage: agreeing }, () => addLinkedServer(services, { url: gate.url, code }));
      const [server, ...more] = services.servers.all();
      assert.ok(server && more.length === 0, 'the server is not there');
      assert.match((await services.tokens.get(server.id)) ?? '', /^mc_/);
      gate.change(undefined);
      await gate.open();
      const connection = services.connections.get(server.id)?.connection;
      const release = connection?.hold();
      await until(() => connection?.link.state === 'online', 'the server is online with the token of the link');
      release?.();
    } finally {
      for (const { id } of services.servers.all()) await services.servers.remove(id);
      await gate.cut();
    }
  },
  'a row with one port is asked for it, with the natural ports filled in': async () => {
    const suggested: (string | undefined)[] = [];
    const showInputBox = typing(
      (value) => {
        suggested.push(value);
        return value ?? '';
      },
      () => '9000:9229',
    );
    await answering({ showInputBox }, async () => {
      const first = await pickTarget(picked, web, none);
      assert.match(suggested[0] ?? '', /^8\d{3}:80$/);
      assert.deepEqual([first?.targetPort, first?.urlTemplate], [80, 'http://127.0.0.1:{port}/']);
      const second = await pickTarget(picked, web, none);
      assert.deepEqual([second?.localPort, second?.targetPort, second?.urlTemplate], [9000, 9229, undefined]);
    });
  },
  'a server whose tools for agents are out of reach says so, while AI features are on': async () => {
    const { services } = await minicloud();
    const settings = workspace.getConfiguration();
    const info = { version: '1', features: ['mcp'] };
    const connection = { link: { state: 'online' }, snapshot: { info } };
    const tooltip = (server: object): string => {
      const live = { server: { id: 's', name: 's', url: 'https://s.example:9443', ...server }, connection };
      return String(new ServerNode(live as never, services).item().tooltip);
    };
    assert.doesNotMatch(tooltip({ ca: 'PEM' }), /agents/);
    await settings.update('chat.disableAIFeatures', false, ConfigurationTarget.Workspace);
    try {
      assert.match(tooltip({ ca: 'PEM' }), /tools for agents are not offered here/);
      assert.doesNotMatch(tooltip({}), /agents/);
    } finally {
      await settings.update('chat.disableAIFeatures', undefined, ConfigurationTarget.Workspace);
    }
  },
  'of two databases on one server, the row’s own is taken': async () => {
    assert.equal((await serviceTarget(picked, orders, none))?.target.env, 'ORDERS_URL');
    await answering({ showInputBox: typing((value) => value ?? '') }, async () => {
      const { target, targetPort } = (await pickTarget(picked, orders, none)) ?? {};
      assert.deepEqual([target?.env, targetPort], ['ORDERS_URL', 3306]);
    });
  },
};
