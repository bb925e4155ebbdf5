import assert from 'node:assert/strict';
import { ConfigurationTarget, commands, type LanguageModelTextPart, lm, workspace } from 'vscode';
import { closeEditors, openManifest, until } from './host.ts';
import type { HostTest } from './index.ts';

const tool = 'minicloud_validateManifest';
const setting = 'chat.disableAIFeatures';

/** What the tool answers; undefined while nobody answers. */
async function ask(path: string): Promise<string | undefined> {
  if (!lm.tools.some(({ name }) => name === tool)) return undefined;
  try {
    const { content } = await lm.invokeTool(tool, { input: { path }, toolInvocationToken: undefined });
    return content.map((part) => (part as LanguageModelTextPart).value).join('');
  } catch {
    return undefined;
  }
}

export const agentTests: Record<string, HostTest> = {
  'a model may ask what is wrong with a manifest, and only while AI features are on': async () => {
    const settings = workspace.getConfiguration();
    assert.equal(settings.get(setting), true, 'they are off to begin with');
    await openManifest('agents', 'name: shop\nimage: nginx:1\nexpose:\n- port: 70000\n');
    const path = 'agents/cloud_manifest.yml';
    assert.equal(await ask(path), undefined);
    await settings.update(setting, false, ConfigurationTarget.Workspace);
    try {
      await until(async () => (await ask(path)) !== undefined, 'the tool answers');
      const told = (await ask(path)) ?? '';
      assert.match(told, /^agents\/cloud_manifest\.yml:4:9: error: .* \[manifest\/port-range\]$/m);
      assert.match(
        (await ask('../outside/cloud_manifest.yml')) ?? '',
        /^There is no cloud_manifest\.yml at that place/,
      );
    } finally {
      await settings.update(setting, undefined, ConfigurationTarget.Workspace);
    }
    await until(async () => (await ask(path)) === undefined, 'the tool is gone');
    await commands.executeCommand('notifications.clearAll');
    await closeEditors();
  },
};
