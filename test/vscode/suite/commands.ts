import assert from 'node:assert/strict';
import { commands, extensions } from 'vscode';
import { extensionId, minicloud } from './host.ts';
import type { HostTest } from './index.ts';

interface Contributed {
  contributes: {
    commands: { command: string; category?: string; title: string }[];
    configuration: { properties: object };
  };
}

export const commandTests: Record<string, HostTest> = {
  'every contributed command is there, and every command is contributed': async () => {
    const { commandNames } = await minicloud();
    const manifest = extensions.getExtension(extensionId)?.packageJSON as Contributed;
    const contributed = manifest.contributes.commands.map(({ command }) => command);
    assert.deepEqual(contributed.toSorted(), commandNames.map((name) => `minicloud.${name}`).toSorted());
    const registered = new Set(await commands.getCommands(true));
    assert.deepEqual(
      contributed.filter((command) => !registered.has(command)),
      [],
    );
  },
  'titles are translated words, each with the category': async () => {
    const manifest = extensions.getExtension(extensionId)?.packageJSON as Contributed;
    for (const { title, category } of manifest.contributes.commands) {
      assert.equal(category, 'Minicloud');
      assert.doesNotMatch(title, /^%/, 'no text for this key in package.nls.json');
    }
    assert.ok(Object.keys(manifest.contributes.configuration.properties).length <= 20);
  },
};
