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
    keybindings?: { command: string; key: string; when: string }[];
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
  'menus of rows ask how many are selected by a key of our own: the editor’s stays when selected rows go': async () => {
    const manifest = extensions.getExtension(extensionId)?.packageJSON as Contributed;
    const whens = (manifest.contributes.menus['view/item/context'] ?? []).map(({ when }) => when);
    assert.deepEqual(
      whens.filter((when) => /list(Multi|Double)Selection/.test(when)),
      [],
    );
    assert.ok(whens.some((when) => when.includes('minicloud.selected')));
  },
  'following is stopped on the rows of apps whose logs are followed': async () => {
    const manifest = extensions.getExtension(extensionId)?.packageJSON as Contributed;
    const rows = (manifest.contributes.menus['view/item/context'] ?? []).filter(
      ({ command }) => command === 'minicloud.stopLogs',
    );
    assert.equal(rows.length, 1);
    assert.match(rows[0]?.when ?? '', /viewItem =~ \/;followed;\//);
  },
  'keys delete apps and unset variables that are selected in the view, and nothing where something else has the keyboard':
    async () => {
      const manifest = extensions.getExtension(extensionId)?.packageJSON as Contributed;
      const keys = manifest.contributes.keybindings ?? [];
      assert.deepEqual(
        keys.map(({ command, key }) => [command, key]),
        [
          ['minicloud.deleteApp', 'delete'],
          ['minicloud.deleteApp', 'cmd+backspace'],
          ['minicloud.unsetConfig', 'delete'],
          ['minicloud.unsetConfig', 'cmd+backspace'],
        ],
      );
      for (const { command, key, when } of keys) {
        const selected = command === 'minicloud.deleteApp' ? 'minicloud.appsSelected' : 'minicloud.variablesSelected';
        for (const part of ['focusedView == minicloud.servers', '!inputFocus', selected])
          assert.ok(when.split(' && ').includes(part), `${part} is not in ${when}`);
        if (key.startsWith('cmd')) assert.match(when, /^isMac && /);
      }
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
