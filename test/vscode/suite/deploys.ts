import assert from 'node:assert/strict';
import { commands, type Uri, window, workspace } from 'vscode';
import { deployed, lensesOf, minicloud, openManifest, save, until, withServer } from './host.ts';
import type { HostTest } from './index.ts';

const manifest = (image: string): string => `name: hosted\nimage: ${image}\nexpose:\n- proto: http\n  port: 80\n`;

/** Plans and answers the address of the plan's document. */
async function planned(uri: Uri): Promise<Uri> {
  const { services } = await minicloud();
  await commands.executeCommand('minicloud.planManifest', uri);
  await until(() => services.plans.active() !== undefined, 'the plan is shown');
  const shown = services.plans.active();
  assert.ok(shown);
  return shown;
}

export const deployTests: Record<string, HostTest> = {
  'a plan shows every change and is what gets deployed; the app is then in the tree': () =>
    withServer('deploys', async (serverId) => {
      const { services } = await minicloud();
      const uri = await openManifest('deploy', manifest('docker.io/library/nginx:1.29'));
      const shown = await planned(uri);
      const document = await workspace.openTextDocument(shown);
      assert.equal(document.languageId, 'cloud-plan');
      assert.match(document.getText(), /^Create hosted on deploys$/m);
      assert.match(document.getText(), /\+ {2}image\s+docker\.io\/library\/nginx:1\.29/);
      assert.match(document.getText(), /no interruption$/m);
      // The message at the end waits for the person; the command is over when the deploy is.
      await commands.executeCommand('minicloud.applyPlan', shown);
      const live = services.connections.get(serverId);
      assert.ok(live);
      const { state, release } = await live.api.apps.get.query({ name: 'hosted' });
      assert.deepEqual([state, release], ['running', 1]);
      assert.equal(services.plans.get(shown), undefined, 'a deployed plan stays open');
      await commands.executeCommand('minicloud.servers.focus');
      await until(
        () => live.connection.snapshot.apps?.some(({ name }) => name === 'hosted') === true,
        'the app is in the tree',
      );
      assert.equal((await live.connection.releases('hosted'))[0]?.state, 'current');
    }),
  'saving a manifest makes its open plan again': () =>
    withServer('deploys', async () => {
      const { services } = await minicloud();
      const uri = await openManifest('follow', manifest('docker.io/library/nginx:1.30'));
      const shown = await planned(uri);
      const before = services.plans.get(shown)?.plan.hash;
      await save(uri, manifest('docker.io/library/nginx:1.31'));
      await until(() => services.plans.get(shown)?.plan.hash !== before, 'the plan is another');
      await until(
        async () => (await workspace.openTextDocument(shown)).getText().includes('1.31'),
        'the plan is shown anew',
      );
    }),
  'saving a manifest with errors makes its open plan one to read only, until they are mended': () =>
    withServer('deploys', async (serverId) => {
      const { services } = await minicloud();
      const text = manifest('docker.io/library/nginx:1.34');
      const uri = await openManifest('outdated', text);
      const shown = await planned(uri);
      const read = async (): Promise<string> => (await workspace.openTextDocument(shown)).getText();
      const deployable = async (): Promise<boolean> =>
        (await lensesOf(shown)).some(({ command }) => command === 'minicloud.applyPlan');
      assert.ok(await deployable());
      await save(uri, text.replace('port: 80', 'port: 99999'));
      await until(async () => /^cloud_manifest\.yml was saved with errors/.test(await read()), 'the plan says so');
      assert.ok(!(await deployable()));
      const releases = async (): Promise<number> =>
        (await services.connections.get(serverId)?.api.releases.list.query({ app: 'hosted' }))?.length ?? 0;
      const before = await releases();
      await commands.executeCommand('minicloud.applyPlan', shown);
      assert.equal(await releases(), before, 'the text of before was deployed');
      await save(uri, text);
      await until(deployable, 'the plan is one to deploy again');
      // What is above the text is shown before the text.
      await until(async () => !/errors/.test(await read()), 'the plan says it no more');
      assert.match(await read(), /^Deploy hosted to deploys$/m);
    }),
  'a plan that is shown twice is there until both halves are closed': () =>
    withServer('deploys', async () => {
      const { services } = await minicloud();
      const shown = await planned(await openManifest('halves', manifest('docker.io/library/nginx:1.35')));
      await commands.executeCommand('workbench.action.splitEditor');
      await until(() => window.visibleTextEditors.length === 2, 'two halves');
      const tabs = () => window.tabGroups.all.flatMap((group) => group.tabs).length;
      const before = tabs();
      await commands.executeCommand('workbench.action.closeActiveEditor');
      await until(() => tabs() < before, 'one half is closed');
      assert.ok(services.plans.get(shown), 'the plan went with one half of it');
      await commands.executeCommand('workbench.action.closeAllEditors');
      await until(() => services.plans.get(shown) === undefined, 'the plan is gone');
    }),
  'a plan that would now differ is refused, and the new one is shown': () =>
    withServer('deploys', async (serverId) => {
      const { services } = await minicloud();
      const uri = await openManifest('changed', manifest('docker.io/library/nginx:1.32'));
      const shown = await planned(uri);
      const before = services.plans.get(shown)?.plan;
      const live = services.connections.get(serverId);
      assert.ok(live && before);
      // Somebody else deploys in between.
      const other = manifest('docker.io/library/nginx:1.33');
      await deployed(serverId, other);
      await commands.executeCommand('minicloud.applyPlan', shown);
      const after = await live.api.apps.get.query({ name: 'hosted' });
      assert.match(after.image ?? '', /1\.33/, 'a plan that was stale was deployed');
      await until(() => services.plans.get(shown)?.plan.hash !== before.hash, 'the new plan is shown');
    }),
  'a plan says that the server has changed since, is not deployed then, and is made again': () =>
    withServer('deploys', async (serverId) => {
      const { services } = await minicloud();
      const uri = await openManifest('overtaken', manifest('docker.io/library/nginx:1.36'));
      const shown = await planned(uri);
      const lenses = async (): Promise<string[]> => (await lensesOf(shown)).map(({ command }) => command);
      assert.ok((await lenses()).includes('minicloud.applyPlan'));
      const own = services.plans.get(shown)?.plan;
      await deployed(serverId, manifest('docker.io/library/nginx:1.37'));
      const read = async (): Promise<string> => (await workspace.openTextDocument(shown)).getText();
      await until(
        async () => /^The server has changed since this plan was made\.$/m.test(await read()),
        'the plan says so',
      );
      const [again, ...others] = await lenses();
      assert.equal(again, 'minicloud.planManifest');
      assert.ok(!others.includes('minicloud.applyPlan'));
      await commands.executeCommand('minicloud.planManifest', shown);
      await until(async () => !/has changed/.test(await read()), 'the plan says it no more');
      assert.ok((await lenses()).includes('minicloud.applyPlan'));
      const next = services.plans.get(shown)?.plan;
      assert.equal(next?.toRelease, (own?.toRelease ?? 0) + 1);
      await commands.executeCommand('minicloud.applyPlan', shown);
      assert.equal(services.plans.get(shown), undefined, 'it was not deployed');
    }),
  'a manifest with an error is not planned, and the error is told': () =>
    withServer('deploys', async () => {
      const { services } = await minicloud();
      const uri = await openManifest('broken', 'name: hosted\nimage: nginx:1\nexpose:\n- port: 99999\n');
      await commands.executeCommand('minicloud.planManifest', uri);
      assert.deepEqual(services.plans.of(uri), []);
      await commands.executeCommand('notifications.clearAll');
    }),
};
