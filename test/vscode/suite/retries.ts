/** A deploy that did not go as asked: the next try is about the same manifest, and what was ended stays ended. */
import assert from 'node:assert/strict';
import { applyPlan } from 'minicloud/src/commands/apply-plan.ts';
import { createDeployTerminal } from 'minicloud/src/deploy/deploy-task.ts';
import { tellManifestFolders } from 'minicloud/src/deploy/manifest-folders.ts';
import type { Services } from 'minicloud/src/services.ts';
import { commands, Uri, type window, workspace } from 'vscode';
import { answering, closeEditors, minicloud, openManifest, until, withServer, workspaceFile } from './host.ts';
import type { HostTest } from './index.ts';

const manifest = (name: string): string =>
  `name: ${name}\nimage: docker.io/library/nginx:1.29\nexpose:\n- proto: http\n  port: 80\n`;

type Live = NonNullable<ReturnType<Services['connections']['get']>>;
type Api = Live['api'];

async function liveOf(serverId: string): Promise<Live> {
  const { services } = await minicloud();
  return services.connections.get(serverId) ?? assert.fail('no server');
}

const namesOn = async ({ api }: Live): Promise<string[]> => (await api.apps.list.query()).map(({ name }) => name);

/** The server, with some of its calls answered otherwise. */
function otherwise(live: Live, change: (api: Api) => object): Live {
  const { server, connection, api } = live;
  const { plans, deploys, operations, apps, releases, proposals } = api;
  return { server, connection, api: { plans, deploys, operations, apps, releases, proposals, ...change(api) } as Api };
}

export const retryTests: Record<string, HostTest> = {
  'a command that is handed no manifest says so, and takes no other': () =>
    withServer('handed', async (serverId) => {
      const { services } = await minicloud();
      const uri = await openManifest('handed', manifest('handed'));
      for (const other of [
        Uri.from({ scheme: 'minicloud-document', authority: 'proposal', path: '/x/shop proposed by me.yml' }),
        uri.with({ scheme: 'git' }),
        workspaceFile('package.json'),
        workspaceFile('nowhere'),
      ]) {
        for (const command of ['planManifest', 'deployManifest', 'compareWithServer'])
          await commands.executeCommand(`minicloud.${command}`, other);
        assert.deepEqual(services.plans.of(uri), [], other.toString());
      }
      const live = await liveOf(serverId);
      assert.ok(!(await namesOn(live)).includes('handed'), 'the manifest in the editor was deployed');
      await commands.executeCommand('notifications.clearAll');
    }),
  'a folder stands for the manifest in it': () =>
    withServer('folders', async () => {
      const { services } = await minicloud();
      const uri = await openManifest('infolder', manifest('infolder'));
      await openManifest('beside', manifest('beside'));
      await commands.executeCommand('minicloud.planManifest', workspaceFile('infolder'));
      assert.equal(services.plans.of(uri)[0]?.plan.app, 'infolder');
    }),
  'all that is selected is planned: a folder and its manifest once, and what has none hides none': () =>
    withServer('several', async () => {
      const { services } = await minicloud();
      const [one, two] = [await openManifest('one', manifest('one')), await openManifest('two', manifest('two'))];
      await workspace.fs.createDirectory(workspaceFile('bare'));
      const folders = ['bare', 'one', 'two'].map(workspaceFile);
      const selected = [...folders, one, two];
      await commands.executeCommand('minicloud.planManifest', folders[2], selected);
      const planned = [one, two].map((uri) => services.plans.of(uri).map(({ plan }) => plan.app));
      assert.deepEqual(planned, [['one'], ['two']]);
      await commands.executeCommand('notifications.clearAll');
    }),
  'all that is selected is deployed, though one of them can not be': () =>
    withServer('several', async (serverId) => {
      const live = await liveOf(serverId);
      await openManifest('first', `${manifest('first')}jobs: { nightly: { schedule: "0 3 * * *", command: [a] } }\n`);
      const last = await openManifest('last', manifest('last'));
      const selected = [workspaceFile('first'), workspaceFile('last'), last];
      await commands.executeCommand('minicloud.deployManifest', selected[0], selected);
      const names = await namesOn(live);
      assert.ok(names.includes('last') && !names.includes('first'), names.join());
      assert.equal((await live.api.apps.get.query({ name: 'last' })).release, 1, 'it was deployed twice');
      await commands.executeCommand('notifications.clearAll');
    }),
  'the editor is told which folders hold a manifest': async () => {
    await openManifest('held', manifest('held'));
    const { executeCommand } = commands;
    let told: readonly string[] = [];
    const listening = async (command: string, key: string, value: readonly string[]): Promise<unknown> => {
      if (command !== 'setContext') return executeCommand(command, key, value);
      if (key === 'minicloud.folders') told = value;
      return undefined;
    };
    Object.assign(commands, { executeCommand: listening });
    const telling = tellManifestFolders();
    // The system tells of a new folder's files from some moment on: each step waits until the one before was told.
    const watcher = workspace.createFileSystemWatcher('**/made/*');
    const seen = new Set<string>();
    watcher.onDidCreate(({ path }) => seen.add(path.replace(/.*\//, '')));
    const make = async (name: string): Promise<void> => {
      await workspace.fs.writeFile(workspaceFile(`made/${name}`), new Uint8Array());
      await until(() => seen.has(name), `the editor saw ${name}`);
    };
    try {
      const has = (folder: string): boolean => told.includes(workspaceFile(folder).fsPath);
      await until(() => has('held'), 'the folder that is there');
      assert.ok(!has('made'));
      await make('first.txt');
      await make('cloud_manifest.yaml');
      await until(() => has('made'), 'the folder whose manifest was made');
      await workspace.fs.delete(workspaceFile('made/cloud_manifest.yaml'));
      await until(() => !has('made'), 'the folder whose manifest was deleted');
      assert.ok(has('held'));
    } finally {
      watcher.dispose();
      telling.dispose();
      Object.assign(commands, { executeCommand });
      await closeEditors();
    }
  },
  'Retry of a proposal deploys what was proposed': () =>
    withServer('retries', async (serverId) => {
      const { services } = await minicloud();
      const live = await liveOf(serverId);
      await openManifest('active', manifest('active'));
      const text = manifest('proposed');
      const { plan } = await live.api.plans.create.mutate({ manifest: text, fileName: 'cloud_manifest.yml' });
      assert.ok(plan);
      let starts = 0;
      const problem = { code: 'health_failed', what: 'x', object: 'x', why: 'x', still: '', remedy: 'x', evidence: [] };
      const failed = { id: 'failed', app: 'proposed', kind: 'deploy', state: 'failed', steps: [], problem };
      const broken = otherwise(live, ({ deploys, operations }) => ({
        deploys: {
          start: {
            mutate: async (input: Parameters<Api['deploys']['start']['mutate']>[0]) => {
              starts += 1;
              return starts === 1 ? { operationId: 'failed', release: 1 } : deploys.start.mutate(input);
            },
          },
        },
        operations: {
          get: { query: async ({ id }: { id: string }) => (id === 'failed' ? failed : operations.get.query({ id })) },
        },
      }));
      const source = {
        uri: services.documents.put('proposal', serverId, 'proposed by me.yml', text),
        text,
        fileName: 'cloud_manifest.yml',
      };
      const shown = await services.plans.show({ plan, live: broken, source, proposal: 'of-nobody' });
      let pressed = false;
      const showErrorMessage = (async (_: string, ...buttons: unknown[]) => {
        if (pressed || !buttons.includes('Retry')) return undefined;
        pressed = true;
        return 'Retry';
      }) as typeof window.showErrorMessage;
      await answering({ showErrorMessage }, async () => {
        await applyPlan(services, shown);
        await until(() => pressed, 'Retry is pressed');
        await until(async () => (await namesOn(live)).includes('proposed'), 'what was proposed is deployed');
      });
      await until(() => services.plans.get(shown) === undefined, 'the plan is closed');
      assert.ok(!(await namesOn(live)).includes('active'), 'another manifest was deployed');
    }),
  'a deploy task that is ended while it plans starts no deploy': () =>
    withServer('ended', async (serverId) => {
      const { services } = await minicloud();
      const live = await liveOf(serverId);
      const uri = await openManifest('ended', manifest('ended'));
      const planning = Promise.withResolvers<void>();
      const asked = Promise.withResolvers<void>();
      let starts = 0;
      const slow = otherwise(live, ({ plans, deploys }) => ({
        plans: {
          create: {
            mutate: async (input: Parameters<Api['plans']['create']['mutate']>[0]) => {
              asked.resolve();
              await planning.promise;
              return plans.create.mutate(input);
            },
          },
        },
        deploys: {
          start: {
            mutate: async (input: Parameters<Api['deploys']['start']['mutate']>[0]) => {
              starts += 1;
              return deploys.start.mutate(input);
            },
          },
        },
      }));
      const targets = { ...services.targets, resolve: async () => slow, dispose: () => {} };
      const lines: string[] = [];
      const terminal = createDeployTerminal({ ...services, targets }, uri);
      terminal.onDidWrite((line) => lines.push(line));
      terminal.open(undefined);
      await asked.promise;
      terminal.close();
      planning.resolve();
      await until(() => lines.some((line) => line.includes('ended')), 'the plan is told');
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.equal(starts, 0);
    }),
  'a deploy task that is ended while its deploy is asked for cancels it': () =>
    withServer('cancels', async (serverId) => {
      const { services } = await minicloud();
      const live = await liveOf(serverId);
      const uri = await openManifest('cancels', manifest('cancels'));
      const answering = Promise.withResolvers<void>();
      const asked = Promise.withResolvers<void>();
      const cancelled: string[] = [];
      const slow = otherwise(live, ({ operations }) => ({
        deploys: {
          start: {
            mutate: async () => {
              asked.resolve();
              await answering.promise;
              return { operationId: 'late', release: 1 };
            },
          },
        },
        operations: { get: operations.get, cancel: { mutate: async ({ id }: { id: string }) => cancelled.push(id) } },
      }));
      const targets = { ...services.targets, resolve: async () => slow, dispose: () => {} };
      const terminal = createDeployTerminal({ ...services, targets }, uri);
      terminal.open(undefined);
      await asked.promise;
      terminal.close();
      answering.resolve();
      await until(() => cancelled.length > 0, 'what was started is cancelled');
      assert.deepEqual(cancelled, ['late']);
    }),
};
