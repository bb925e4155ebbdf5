import assert from 'node:assert/strict';
import {
  type CodeAction,
  commands,
  DiagnosticSeverity,
  languages,
  TabInputTextDiff,
  type Uri,
  window,
  workspace,
} from 'vscode';
import {
  closeEditors,
  codeOf,
  deployed,
  lensesOf,
  minicloud,
  openManifest,
  save,
  until,
  withServer,
  workspaceFile,
} from './host.ts';
import type { HostTest } from './index.ts';

const manifest = (more = ''): string =>
  `name: drifting\nimage: docker.io/library/nginx:1.29\nexpose:\n- proto: http\n  port: 80\n${more}`;

const marksOf = (uri: Uri) => languages.getDiagnostics(uri).filter((each) => codeOf(each) === 'minicloud/drift');

export const driftTests: Record<string, HostTest> = {
  'what the server runs and the file does not say stands at the name, until they are the same again': () =>
    withServer('drift', async (serverId) => {
      const { services } = await minicloud();
      await deployed(serverId, manifest());
      const uri = await openManifest('drift', manifest());
      await commands.executeCommand('minicloud.servers.focus');
      await until(() => services.connections.get(serverId)?.connection.link.state === 'online', 'the server is online');
      await save(uri, manifest('env:\n  COLOUR: blue\n'));
      await until(() => marksOf(uri).length === 1, 'a mark at the name');
      const [mark] = marksOf(uri);
      assert.match(mark?.message ?? '', /^drift runs release \d+ of drifting, .*: variable COLOUR\.$/);
      assert.equal(mark?.severity, DiagnosticSeverity.Information);
      assert.deepEqual([mark?.range.start.line, mark?.range.start.character], [0, 6]);
      assert.doesNotMatch(mark?.message ?? '', /blue/, 'a value is shown');
      const code = mark?.code;
      assert.ok(typeof code === 'object', 'no page says what it is');
      assert.match((await workspace.openTextDocument(code.target)).getText(), /^# drift\n/);

      const actions = await commands.executeCommand<CodeAction[]>('vscode.executeCodeActionProvider', uri, mark?.range);
      const compare = actions.find(({ command }) => command?.command === 'minicloud.compareWithServer');
      assert.ok(compare, actions.map(({ title }) => title).join());
      await commands.executeCommand('minicloud.compareWithServer', uri);
      await until(() => window.tabGroups.activeTabGroup.activeTab?.input instanceof TabInputTextDiff, 'the comparison');
      const diff = window.tabGroups.activeTabGroup.activeTab?.input as TabInputTextDiff;
      assert.equal((await workspace.openTextDocument(diff.original)).getText(), manifest());
      assert.equal(diff.modified.toString(), uri.toString());

      const titles = (await lensesOf(uri)).map(({ title }) => title);
      assert.ok(
        titles.some((title) => title.includes('1 difference')),
        titles.join(),
      );

      await save(uri, manifest());
      await until(() => marksOf(uri).length === 0, 'the mark is gone');
    }),
  'a mark is not shown for what is being typed, nor when the setting is off': () =>
    withServer('drift', async (serverId) => {
      await deployed(serverId, manifest());
      await commands.executeCommand('minicloud.servers.focus');
      const uri = await openManifest('drift-off', manifest('env:\n  SIZE: big\n'));
      await until(() => marksOf(uri).length === 1, 'a mark at the name');
      const editor = await window.showTextDocument(await workspace.openTextDocument(uri));
      await editor.edit((edit) => edit.insert(editor.document.positionAt(0), '# '));
      await until(() => marksOf(uri).length === 0, 'the mark is gone while something is typed');
      await commands.executeCommand('undo');
      await save(uri, manifest('env:\n  SIZE: huge\n'));
      await until(() => marksOf(uri).length === 1, 'a mark at the name again');
      const settings = workspace.getConfiguration('minicloud');
      await settings.update('drift', 'off', true);
      try {
        await until(() => marksOf(uri).length === 0, 'the mark is gone with the setting');
      } finally {
        await settings.update('drift', undefined, true);
      }
    }),
  'a manifest that is closed is compared again when the server runs something else': () =>
    withServer('closed', async (serverId) => {
      const { services } = await minicloud();
      await deployed(serverId, manifest());
      const uri = workspaceFile('drift-closed/cloud_manifest.yml');
      const other = manifest('env:\n  SHAPE: round\n');
      await workspace.fs.writeFile(uri, new TextEncoder().encode(other));
      await commands.executeCommand('minicloud.servers.focus');
      // Not by the test itself, which would keep the document open for a while.
      await commands.executeCommand('vscode.open', uri);
      await until(() => services.drift.of(uri) !== undefined, 'the manifest is marked');
      await closeEditors();
      const open = (): boolean => workspace.textDocuments.some((each) => each.uri.toString() === uri.toString());
      await until(() => !open(), 'the manifest is closed');
      assert.ok(services.drift.of(uri), 'the mark went with the editor');
      await deployed(serverId, other);
      await until(() => services.drift.of(uri) === undefined, 'the mark is gone: the server runs what the file says');
      await deployed(serverId, manifest());
      await until(() => services.drift.of(uri) !== undefined, 'the manifest is marked again');
      assert.ok(!open(), 'it was opened to be compared');
    }),
};
