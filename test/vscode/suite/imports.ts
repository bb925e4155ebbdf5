/** From a Compose file to a manifest, inside the editor. */
import assert from 'node:assert/strict';
import { createImportPreviews } from 'minicloud/src/import/import-previews.ts';
import { commands, extensions, type Tab, TabInputCustom, TabInputText, type Uri, window, workspace } from 'vscode';
import { closeEditors, minicloud, until, withServer, workspaceFile } from './host.ts';
import type { HostTest } from './index.ts';

const compose = 'services:\n  web:\n    build: .\n    volumes: ["./src:/app", "./data:/var/lib/shop"]\n';

const uriOf = ({ input }: Tab): Uri | undefined =>
  input instanceof TabInputText || input instanceof TabInputCustom ? input.uri : undefined;

/** Tabs of the manifest and of its report. */
function pages(): Tab[] {
  const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.filter((tab) => uriOf(tab)?.scheme === 'minicloud-import');
}

const pageOf = (kind: string): Tab | undefined => pages().find((tab) => uriOf(tab)?.path.includes(`/${kind} `));

/** Imports the Compose file of a folder of its own, and answers the pages of it. */
async function imported(folder: string): Promise<{ manifest: Uri; report: Uri }> {
  const uri = workspaceFile(`${folder}/compose.yml`);
  await workspace.fs.writeFile(uri, new TextEncoder().encode(compose));
  // Not awaited: its message waits for the person.
  void commands.executeCommand('minicloud.importApp', uri);
  await until(() => pages().length === 2, 'the manifest and its report are shown');
  const [manifest, report] = [pageOf('Manifest'), pageOf('Report')].map((tab) => tab && uriOf(tab));
  assert.ok(manifest && report);
  return { manifest, report };
}

async function written(folder: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await workspace.fs.readFile(workspaceFile(`${folder}/cloud_manifest.yml`)));
  } catch {
    return undefined;
  }
}

export const importTests: Record<string, HostTest> = {
  'the manifest is created from its report too, and hides no code': async () => {
    const { report } = await imported('imported');
    const told = (await workspace.openTextDocument(report)).getText();
    assert.match(told, /`services\.web\.volumes\[0\]`: \.\/src is in the folder that is built/);
    await commands.executeCommand('minicloud.createImported', report);
    await until(async () => (await written('imported')) !== undefined, 'the manifest is written');
    assert.match((await written('imported')) ?? '', /needs:\n- storage:\n {4}path: \/var\/lib\/shop\n\n/);
    await until(() => pages().length === 0, 'both pages are closed');
    await commands.executeCommand('notifications.clearAll');
    await closeEditors();
  },
  'the report is a page to be read, and text where nothing makes a page of it': async () => {
    const { services } = await minicloud();
    const { report } = await imported('rendered');
    const rendered = pageOf('Report')?.input;
    assert.ok(rendered instanceof TabInputCustom, 'it is no page');
    assert.equal(rendered.viewType, 'vscode.markdown.preview.editor');
    await services.imports.close(report);
    await until(() => pages().length === 0, 'both pages are closed');
    const { getExtension } = extensions;
    const previews = createImportPreviews();
    Object.assign(extensions, {
      getExtension: (id: string) => (id.startsWith('vscode.markdown') ? undefined : getExtension(id)),
    });
    try {
      const [from, target] = ['compose.yml', workspaceFile('plain/cloud_manifest.yml')];
      await previews.show({ from, text: 'name: plain\n', report: '# Plain\n', target, replaces: false });
      assert.ok(pageOf('Report')?.input instanceof TabInputText, 'it is no text');
    } finally {
      Object.assign(extensions, { getExtension });
      previews.dispose();
      await commands.executeCommand('notifications.clearAll');
      await closeEditors();
    }
  },
  'the report names what the server of the folder does not offer yet': () =>
    withServer('imports', async (serverId) => {
      const { services } = await minicloud();
      const connection = services.connections.get(serverId)?.connection;
      const release = connection?.hold();
      await connection?.ready();
      const { report } = await imported('refused');
      const told = (await workspace.openTextDocument(report)).getText();
      assert.match(told, /^## Not available on imports yet \(1\)\n\n- `build`: building an image/m);
      release?.();
      await commands.executeCommand('notifications.clearAll');
    }),
  'an import is over with the last of its pages': async () => {
    const { manifest, report } = await imported('kept');
    const tab = pages().find((each) => String(uriOf(each)) === String(manifest));
    assert.ok(tab);
    await window.tabGroups.close(tab);
    await commands.executeCommand('minicloud.createImported', report);
    await until(async () => (await written('kept')) !== undefined, 'the manifest is written from the report alone');
    await commands.executeCommand('notifications.clearAll');
    await closeEditors();
  },
};
