/** What an editor tells of the server while the view of servers is hidden, which is how manifests are written. */
import assert from 'node:assert/strict';
import { ConfigurationTarget, commands, Position, window, workspace } from 'vscode';
import {
  closeEditors,
  codesOf,
  deployed,
  hoverText,
  lensesOf,
  minicloud,
  openManifest,
  until,
  withServer,
} from './host.ts';
import type { HostTest } from './index.ts';

const manifest = (more = ''): string =>
  `name: edited\nimage: docker.io/library/nginx:1.29\nexpose:\n- proto: http\n  port: 80\nneeds:\n- database\n${more}`;

/** Longer than the marks take to follow a connection. */
const settledMs = 1_000;

const linkOf = async (serverId: string): Promise<string | undefined> =>
  (await minicloud()).services.connections.get(serverId)?.connection.link.state;

export const editingTests: Record<string, HostTest> = {
  'a manifest that is seen is told all of its server; its mark stays in the Explorer when it is not': () =>
    withServer('hidden', async (serverId) => {
      const { services } = await minicloud();
      await commands.executeCommand('workbench.view.explorer');
      await deployed(serverId, manifest());
      const drifting = manifest('env:\n  COLOUR: blue\n');
      await until(async () => (await linkOf(serverId)) === 'idle', 'nothing of ours is seen');
      const uri = await openManifest('hidden', drifting);
      await until(async () => (await linkOf(serverId)) === 'online', 'the server is connected');
      await until(() => codesOf(uri).includes('minicloud/drift'), 'a mark at the name');
      const titles = async (): Promise<string> => (await lensesOf(uri)).map(({ title }) => title).join();
      await until(async () => /running · release \d+ · hidden/.test(await titles()), 'the state above the name');
      assert.match(await titles(), /1 difference/);
      const need = /mariadb (runs|is starting|starts) on the server/;
      await until(async () => need.test(await hoverText(uri, new Position(6, 4))), 'what the server says of a need');

      await closeEditors();
      await until(async () => (await linkOf(serverId)) === 'idle', 'the server is let go');
      await new Promise((resolve) => setTimeout(resolve, settledMs));
      assert.ok(services.drift.of(uri), 'the mark went although nothing else was seen');
      await deployed(serverId, drifting);
      assert.equal(await linkOf(serverId), 'idle', 'asked while nothing is seen');
      await window.showTextDocument(uri);
      await until(() => services.drift.of(uri) === undefined, 'the mark is gone: the server runs what the file says');
    }),
  'digest and certificates are told without lenses, too': () =>
    withServer('lensless', async (serverId) => {
      await commands.executeCommand('workbench.view.explorer');
      await deployed(serverId, manifest());
      const settings = workspace.getConfiguration('minicloud');
      await settings.update('codeLens.enabled', false, ConfigurationTarget.Global);
      try {
        const uri = await openManifest('lensless', manifest());
        await until(async () => /sha256:/.test(await hoverText(uri, new Position(1, 9))), 'the digest of the image');
        assert.deepEqual(await lensesOf(uri), []);
      } finally {
        await settings.update('codeLens.enabled', undefined, ConfigurationTarget.Global);
      }
    }),
};
