import assert from 'node:assert/strict';
import { commands, type Uri, window, workspace } from 'vscode';
import { closeEditors, deployed, minicloud, until, withServer, workspaceFile } from './host.ts';
import type { HostTest } from './index.ts';

const names = ['cloud_manifest.yml', 'cloud_manifest.yaml', 'cloud_manifest.json'] as const;

/** The workspace with no manifest in its folder, or with this one alone, while `test` runs. */
async function withManifest(name: string | undefined, test: () => Promise<void>): Promise<void> {
  const own = workspaceFile(names[0]);
  const kept = await workspace.fs.readFile(own);
  await workspace.fs.delete(own);
  if (name) await workspace.fs.writeFile(workspaceFile(name), new TextEncoder().encode('{ "name": "shop" }\n'));
  try {
    await test();
  } finally {
    await closeEditors();
    for (const each of await manifests()) await workspace.fs.delete(workspaceFile(each));
    await workspace.fs.writeFile(own, kept);
    await commands.executeCommand('notifications.clearAll');
  }
}

/** Names of the manifests in the folder of the workspace. */
async function manifests(): Promise<string[]> {
  const there = await workspace.fs.readDirectory(workspaceFile('.'));
  return there.map(([name]) => name).filter((name) => names.some((each) => each === name));
}

const active = (): Uri | undefined => window.activeTextEditor?.document.uri;

async function text(name: string): Promise<string> {
  return new TextDecoder().decode(await workspace.fs.readFile(workspaceFile(name)));
}

export const manifestTests: Record<string, HostTest> = {
  'a folder with a manifest of any name gets no second one': async () => {
    for (const name of names) {
      await withManifest(name, async () => {
        for (const argument of [undefined, 'sample']) {
          await commands.executeCommand('minicloud.createManifest', argument);
          assert.deepEqual(await manifests(), [name]);
          assert.equal(active()?.toString(), workspaceFile(name).toString());
        }
      });
    }
  },
  'a folder without a manifest gets the smallest useful one': () =>
    withManifest(undefined, async () => {
      await commands.executeCommand('minicloud.createManifest');
      assert.match(await text(names[0]), /^image: .*nginx/m);
    }),
  'the sample is asked for where no view has asked; without its image nothing is written': async () => {
    await commands.executeCommand('workbench.view.explorer');
    await withManifest(undefined, async () => {
      await commands.executeCommand('minicloud.createManifest', 'sample');
      assert.deepEqual(await manifests(), [], 'written although there is no server');
    });
    await withServer('sampling', async (serverId) => {
      const { services } = await minicloud();
      await withManifest(undefined, async () => {
        await commands.executeCommand('minicloud.createManifest', 'sample');
        assert.deepEqual(await manifests(), [], 'written although no server has the image');
      });
      await deployed(serverId, 'name: sampled\nimage: docker.io/minicloud/sample:1\nexpose:\n- port: 8000\n');
      const idle = (): boolean => services.connections.get(serverId)?.connection.link.state === 'idle';
      await until(idle, 'nobody holds the connection');
      await withManifest(undefined, async () => {
        await commands.executeCommand('minicloud.createManifest', 'sample');
        assert.match(await text(names[0]), /^image: .*minicloud\/sample:1$/m);
      });
      await services.connections.get(serverId)?.api.apps.delete.mutate({ name: 'sampled', confirm: 'sampled' });
    });
  },
};
