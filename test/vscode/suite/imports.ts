/** From a Compose file to a manifest, inside the editor. */
import assert from 'node:assert/strict';
import { commands, TabInputText, type Uri, window, workspace } from 'vscode';
import { closeEditors, until, workspaceFile } from './host.ts';
import type { HostTest } from './index.ts';

const compose = 'services:\n  web:\n    build: .\n    volumes: ["./src:/app", "./data:/var/lib/shop"]\n';

function pages(): Uri[] {
  const inputs = window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ input }) => input));
  return inputs.flatMap((input) =>
    input instanceof TabInputText && input.uri.scheme === 'minicloud-import' ? [input.uri] : [],
  );
}

const page = (kind: string): Uri | undefined => pages().find(({ path }) => path.includes(`/${kind} `));

/** Imports the Compose file of a folder of its own, and answers the pages of it. */
async function imported(folder: string): Promise<{ manifest: Uri; report: Uri }> {
  const uri = workspaceFile(`${folder}/compose.yml`);
  await workspace.fs.writeFile(uri, new TextEncoder().encode(compose));
  // Not awaited: its message waits for the person.
  void commands.executeCommand('minicloud.importApp', uri);
  await until(() => pages().length === 2, 'the manifest and its report are shown');
  const [manifest, report] = [page('Manifest'), page('Report')];
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
  'an import is over with the last of its pages': async () => {
    const { manifest, report } = await imported('kept');
    const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
    const tab = tabs.find(({ input }) => input instanceof TabInputText && String(input.uri) === String(manifest));
    assert.ok(tab);
    await window.tabGroups.close(tab);
    await commands.executeCommand('minicloud.createImported', report);
    await until(async () => (await written('kept')) !== undefined, 'the manifest is written from the report alone');
    await commands.executeCommand('notifications.clearAll');
    await closeEditors();
  },
};
