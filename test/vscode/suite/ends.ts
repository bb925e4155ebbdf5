/** What is left of a server that is removed, and what an older one is offered. */
import assert from 'node:assert/strict';
import { restoreApp } from 'minicloud/src/commands/restore-app.ts';
import { AppNode } from 'minicloud/src/tree/app-node.ts';
import { ReleaseNode } from 'minicloud/src/tree/release-node.ts';
import { type QuickPickItem, TabInputWebview, window } from 'vscode';
import { answering, deployed, minicloud, until, withServer } from './host.ts';
import type { HostTest } from './index.ts';

const manifest = 'name: ending\nimage: docker.io/library/nginx:1.29\nexpose:\n- proto: http\n  port: 80\n';

const metricsTabs = (): number =>
  window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof TabInputWebview && input.viewType.endsWith('minicloud.metrics')).length;

export const endTests: Record<string, HostTest> = {
  'logs and metrics of a server end when it is removed': () =>
    withServer('ending', async (serverId) => {
      const { services } = await minicloud();
      await deployed(serverId, manifest);
      const live = services.connections.get(serverId);
      assert.ok(live);
      const rowOf = (name: string) =>
        new AppNode(live, { name, urls: [] } as never, services).item().contextValue ?? '';
      services.logs.follow(live, 'ending');
      assert.match(rowOf('ending'), /;followed;/);
      assert.doesNotMatch(rowOf('other'), /;followed;/);
      services.metrics.show(live, 'ending');
      await until(() => metricsTabs() === 1, 'the panel is open');
      assert.deepEqual(
        services.logs.followed().map(({ app }) => app),
        ['ending'],
      );
      await services.servers.remove(serverId);
      await until(() => metricsTabs() === 0, 'the panel is closed');
      assert.deepEqual(services.logs.followed(), []);
      assert.doesNotMatch(rowOf('ending'), /;followed;/);
    }),
  'of two deleted apps of one name the list tells which data each had': () =>
    withServer('trash', async (serverId) => {
      const { services } = await minicloud();
      const api = services.connections.get(serverId)?.api;
      assert.ok(api);
      for (const path of ['/first', '/second']) {
        await deployed(serverId, `${manifest.replace('ending', 'twice')}needs: [{ storage: { path: ${path} } }]\n`);
        const { operationId: id } = await api.apps.delete.mutate({ name: 'twice', confirm: 'twice' });
        await until(async () => (await api.operations.get.query({ id })).state === 'succeeded', 'it is deleted');
      }
      let told: QuickPickItem[] = [];
      const showQuickPick = (async (items: QuickPickItem[]) => {
        told = items;
      }) as never;
      await answering({ showQuickPick }, () => restoreApp(services, { serverId }));
      assert.deepEqual(
        told.filter(({ label }) => label === 'twice').map(({ detail }) => detail),
        ['volume /second', 'volume /first'],
      );
    }),
  'Roll Back is offered where the server can say what it would do, and only there': () =>
    withServer('older', async (serverId) => {
      const { services } = await minicloud();
      await deployed(serverId, manifest);
      await deployed(serverId, manifest.replace('1.29', '1.30'));
      const live = services.connections.get(serverId);
      assert.ok(live);
      const release = live.connection.hold();
      try {
        await live.connection.ready();
        const { link, snapshot } = live.connection;
        const app = snapshot.apps?.find(({ name }) => name === 'ending');
        const earlier = (await live.connection.releases('ending')).find(({ state }) => state === 'superseded');
        assert.ok(app && snapshot.info && earlier);
        const offered = (features: string[]): boolean[] => {
          const info = { ...snapshot.info, features };
          const other = { ...live, connection: { ...live.connection, link, snapshot: { ...snapshot, info } } };
          const rows = [
            new AppNode(other as typeof live, app, services),
            new ReleaseNode(other as typeof live, app, earlier),
          ];
          return rows.map((row) => row.item().contextValue?.includes(';rollbacks;') === true);
        };
        assert.deepEqual(offered(['rollbacks', 'rollback-plans']), [true, true]);
        assert.deepEqual(offered(['rollbacks']), [false, false]);
      } finally {
        release();
      }
    }),
};
