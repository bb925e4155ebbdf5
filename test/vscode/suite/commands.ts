import assert from 'node:assert/strict';
import { manifestSchemes } from 'minicloud/src/deploy/manifest-source.ts';
import { commands, extensions } from 'vscode';
import { extensionId, minicloud } from './host.ts';
import type { HostTest } from './index.ts';

interface Contributed {
  contributes: {
    commands: { command: string; category?: string; title: string }[];
    configuration: { properties: object };
    menus: Record<string, { command: string; when: string }[]>;
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
  'what is done with a manifest is offered where manifests are deployed from, and nowhere else': async () => {
    const manifest = extensions.getExtension(extensionId)?.packageJSON as Contributed;
    const whens = ['editor/title', 'editor/context', 'explorer/context']
      .flatMap((menu) => manifest.contributes.menus[menu] ?? [])
      .map(({ when }) => when)
      .filter((when) => when.includes('cloud_manifest'));
    assert.equal(whens.length, 10);
    for (const when of whens) {
      const [, schemes = ''] = /resourceScheme =~ \/\^\(([\w|-]+)\)\$\//.exec(when) ?? [];
      // For a folder of another machine the editor puts its own name for `file` in.
      const offered = schemes.split('|').map((scheme) => (scheme === 'vscode-remote' ? 'file' : scheme));
      assert.deepEqual(offered, manifestSchemes, when);
      assert.doesNotMatch(when, /editorLangId/, 'a manifest that was set to another language is one, too');
    }
  },
};
