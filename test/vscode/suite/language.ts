import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as vscode from 'vscode';
import {
  type CodeAction,
  type CompletionList,
  ConfigurationTarget,
  commands,
  Diagnostic,
  DiagnosticSeverity,
  type DocumentSymbol,
  type InlayHint,
  languages,
  Position,
  Range,
  type TextEdit,
  Uri,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode';
import {
  closeEditors,
  codesOf,
  hoverText,
  lensesOf,
  minicloud,
  openManifest,
  until,
  withServer,
  workspaceFile,
} from './host.ts';
import type { HostTest } from './index.ts';

const wrong = 'name: shop\nimage: docker.io/library/nginx:1.29\nexpose:\n- proto: http\n  port: 70000\n';

async function replace(uri: Uri, range: Range, text: string): Promise<void> {
  const edit = new WorkspaceEdit();
  edit.replace(uri, range, text);
  assert.ok(await workspace.applyEdit(edit));
}

/** Another extension, as the extension sees it: found faults and that it is active are all that is known of it. */
async function otherYamlServer(): Promise<{ start(uri: Uri): void; stop(): void }> {
  const { context } = (await minicloud()).services;
  // Every extension is given an API of its own.
  const api = createRequire(join(context.extensionPath, 'dist', 'extension.cjs'))('vscode') as typeof vscode;
  const { getExtension } = api.extensions;
  const found = languages.createDiagnosticCollection('yaml');
  return {
    start(uri) {
      const active = { isActive: true } as vscode.Extension<unknown>;
      Object.assign(api.extensions, {
        getExtension: (id: string) => (id === 'redhat.vscode-yaml' ? active : getExtension(id)),
      });
      found.set(uri, [new Diagnostic(new Range(0, 0, 0, 1), 'This is not YAML.')]);
    },
    stop() {
      Object.assign(api.extensions, { getExtension });
      found.dispose();
    },
  };
}

export const languageTests: Record<string, HostTest> = {
  'a manifest has its own language, and an error stands where it is until it is fixed': async () => {
    const uri = await openManifest('diagnostics', wrong);
    assert.equal((await workspace.openTextDocument(uri)).languageId, 'cloud-manifest');
    await until(() => codesOf(uri).includes('manifest/port-range'), 'a diagnostic for the port');
    const [diagnostic] = languages.getDiagnostics(uri);
    assert.ok(diagnostic);
    assert.equal(diagnostic.range.start.line, 4);
    assert.match(diagnostic.message, /70000/);
    await replace(uri, diagnostic.range, '8080');
    await until(() => codesOf(uri).length === 0, 'no diagnostic left');
  },
  'a code leads to the page of its rule, which is there without a network': async () => {
    const uri = await openManifest('page', wrong);
    await until(() => codesOf(uri).includes('manifest/port-range'), 'a diagnostic for the port');
    const code = languages.getDiagnostics(uri)[0]?.code;
    assert.ok(typeof code === 'object' && code.target.scheme === 'minicloud-docs');
    const page = (await workspace.openTextDocument(code.target)).getText();
    assert.match(page, /^# port-range\n/);
    assert.match(page, /whole number from 1 to 65535/);
    assert.doesNotMatch(page, /\n## /, 'another rule’s page');
  },
  'a hover leads to the page of its key': async () => {
    const uri = await openManifest('documentation', 'name: shop\nexpose:\n- port: 80\n');
    const text = await hoverText(uri, new Position(2, 3));
    const [, command = '', given = ''] = /\[Documentation\]\(command:([\w.]+)\?(.*)\)/.exec(text) ?? [];
    assert.equal(command, 'minicloud.showDocumentation', text);
    await commands.executeCommand(command, ...(JSON.parse(decodeURIComponent(given)) as string[]));
    const shown = (): string | undefined => window.tabGroups.activeTabGroup.activeTab?.label;
    await until(() => /expose\.port\.md/.test(shown() ?? ''), 'the page is open');
    const page = await workspace.openTextDocument(Uri.parse('minicloud-docs:/keys/expose.port.md'));
    assert.match(page.getText(), /^# expose\.port\n/);
  },
  'a rule that is disabled by its quick fix is told no more, and comes back with the setting': async () => {
    const uri = await openManifest('severity', 'name: shop\nimage: nginx:1\nneeds: [storage]\n');
    const unsaid = 'manifest/stop-first-unsaid';
    await until(() => codesOf(uri).includes(unsaid), 'a hint about the volume');
    const range = languages.getDiagnostics(uri)[0]?.range;
    const actions = await commands.executeCommand<CodeAction[]>('vscode.executeCodeActionProvider', uri, range);
    const action = actions.find(({ title }) => title === `Disable ${unsaid} in the settings`);
    assert.ok(action?.command, actions.map(({ title }) => title).join());
    await commands.executeCommand(action.command.command, ...(action.command.arguments ?? []));
    await until(() => codesOf(uri).length === 0, 'no hint left');
    const settings = workspace.getConfiguration('minicloud.manifest');
    assert.deepEqual(settings.inspect('severity')?.workspaceValue, { [unsaid]: 'off' });
    await settings.update('severity', undefined, ConfigurationTarget.Workspace);
    await until(() => codesOf(uri).includes(unsaid), 'the hint again');
  },
  'a misspelled key has a quick fix that makes the diagnostic go': async () => {
    const uri = await openManifest('fix', 'name: shop\nimage: nginx:1\nenviroment: staging\n');
    await until(() => codesOf(uri).includes('manifest/unknown-key'), 'a diagnostic for the key');
    const range = languages.getDiagnostics(uri)[0]?.range;
    const actions = await commands.executeCommand<CodeAction[]>(
      'vscode.executeCodeActionProvider',
      uri,
      range,
      'quickfix',
    );
    const edit = actions.find((action) => action.edit)?.edit;
    assert.ok(edit, `no quick fix among ${actions.map(({ title }) => title)}`);
    await workspace.applyEdit(edit);
    assert.match((await workspace.openTextDocument(uri)).getText(), /^environment: staging$/m);
    await until(() => codesOf(uri).length === 0, 'no diagnostic left');
  },
  'completion offers the keys that are missing, and hover explains the ones that are there': async () => {
    const uri = await openManifest('completion', 'name: shop\nimage: nginx:1\nexpose:\n- port: 80\n  \n');
    const list = await commands.executeCommand<CompletionList>(
      'vscode.executeCompletionItemProvider',
      uri,
      new Position(4, 2),
    );
    const labels = list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    assert.ok(labels.includes('domains'), `offered: ${labels.slice(0, 12)}`);
    assert.ok(!labels.includes('port'), 'a key that is there was offered again');
    assert.match(await hoverText(uri, new Position(3, 3)), /port/);
  },
  'files beside a manifest are offered, a process is renamed everywhere, and defaults show by setting': async () => {
    await workspace.fs.writeFile(workspaceFile('features/docker/Dockerfile.web'), new Uint8Array());
    const uri = await openManifest(
      'features',
      'name: shop\nbuild:\n  dockerfile:\n    path: \nprocesses:\n  web: {}\nexpose:\n- port: 80\n  process: web\n',
    );
    await until(async () => {
      const list = await commands.executeCommand<CompletionList>(
        'vscode.executeCompletionItemProvider',
        uri,
        new Position(3, 10),
      );
      return list.items.some(({ label }) => label === 'docker/Dockerfile.web');
    }, 'the Dockerfile among what is offered');
    await replace(uri, new Range(3, 10, 3, 10), 'docker/Dockerfile.web');
    const renaming = await commands.executeCommand<WorkspaceEdit>(
      'vscode.executeDocumentRenameProvider',
      uri,
      new Position(8, 12),
      'front',
    );
    await workspace.applyEdit(renaming);
    assert.match((await workspace.openTextDocument(uri)).getText(), /^ {2}front: \{\}\n[\s\S]*process: front$/m);
    const hints = (): Thenable<InlayHint[]> =>
      commands.executeCommand('vscode.executeInlayHintProvider', uri, new Range(0, 0, 20, 0));
    assert.deepEqual(await hints(), []);
    const setting = workspace.getConfiguration('minicloud.manifest');
    await setting.update('inlayHints', true, ConfigurationTarget.Global);
    try {
      await until(async () => (await hints()).length > 0, 'a hint');
      const labels = (await hints()).map(({ label }) =>
        typeof label === 'string' ? label : label.map((part) => part.value).join(''),
      );
      assert.deepEqual(labels, ['http']);
    } finally {
      await setting.update('inlayHints', undefined, ConfigurationTarget.Global);
    }
  },
  'a variable that the source reads and nothing sets has a fix, and goes when the source no longer reads it':
    async () => {
      const source = workspaceFile('variables/src/app.ts');
      const write = (text: string): Thenable<void> => workspace.fs.writeFile(source, new TextEncoder().encode(text));
      await write('use(process.env.STRIPE_KEY, process.env.GREETING)\n');
      const uri = await openManifest(
        'variables',
        'name: shop\nimage: me/shop:1\nenv:\n  GREETING: hi\n  OLD_FLAG: x\n',
      );
      await until(() => codesOf(uri).length === 2, 'what the source says');
      const [unset, unread] = languages.getDiagnostics(uri);
      assert.deepEqual(codesOf(uri), ['manifest/env-unset', 'manifest/env-unread']);
      assert.equal(unread?.range.start.line, 4);
      assert.equal(unset?.severity, DiagnosticSeverity.Hint);
      assert.equal(unset?.relatedInformation?.[0]?.location.uri.toString(), source.toString());
      const actions = await commands.executeCommand<CodeAction[]>(
        'vscode.executeCodeActionProvider',
        uri,
        unset?.range,
        'quickfix',
      );
      const fix = actions.find(({ title }) => title === 'Add STRIPE_KEY to secrets');
      assert.ok(fix?.edit, actions.map(({ title }) => title).join());
      await workspace.applyEdit(fix.edit);
      await until(() => codesOf(uri).join() === 'manifest/env-unread', 'only what nothing reads is left');
      // Saved as a person would, in an editor.
      const document = await workspace.openTextDocument(source);
      await replace(source, new Range(0, 0, 1, 0), 'use(process.env.OLD_FLAG, config("GREETING"))\n');
      await document.save();
      await until(
        () => languages.getDiagnostics(uri).every(({ range }) => range.start.line !== 4),
        'the variable is read now',
      );
      assert.deepEqual(codesOf(uri), ['manifest/env-unread'], 'and the secret is not');
    },
  'what the server tells of its services is in the hover of a need': async () => {
    await withServer('services', async (serverId) => {
      const { services } = await minicloud();
      await commands.executeCommand('minicloud.servers.focus');
      await until(() => services.connections.get(serverId)?.connection.facts !== undefined, 'the facts of the server');
      const uri = await openManifest('services', 'name: shop\nimage: nginx:1\nneeds:\n- database\n');
      const told = async (): Promise<boolean> =>
        /mariadb (runs|is starting|starts) on the server/.test(await hoverText(uri, new Position(3, 4)));
      await until(told, 'the state of the shared database');
    });
  },
  'the outline shows keys and entries': async () => {
    const uri = await openManifest('outline', 'name: shop\nexpose:\n- port: 80\n- port: 81\n');
    const symbols = await commands.executeCommand<DocumentSymbol[]>('vscode.executeDocumentSymbolProvider', uri);
    assert.deepEqual(
      symbols.map(({ name }) => name),
      ['name', 'expose'],
    );
    assert.deepEqual(
      symbols[1]?.children.map(({ name }) => name),
      ['port 80', 'port 81'],
    );
  },
  'formatting tidies and never changes what a manifest means': async () => {
    const uri = await openManifest('format', 'name: shop   \n\n\n\nimage: nginx:1');
    const edits = await commands.executeCommand<TextEdit[]>('vscode.executeFormatDocumentProvider', uri, {
      tabSize: 2,
      insertSpaces: true,
    });
    assert.ok(edits && edits.length > 0, 'nothing was tidied');
    const edit = new WorkspaceEdit();
    edit.set(uri, edits);
    await workspace.applyEdit(edit);
    assert.equal((await workspace.openTextDocument(uri)).getText(), 'name: shop\n\nimage: nginx:1\n');
  },
  'diagnostics come back after the language server was restarted': async () => {
    const uri = await openManifest('restart', wrong);
    await until(() => codesOf(uri).length > 0, 'a diagnostic');
    await commands.executeCommand('minicloud.restartLanguageServer');
    await until(() => codesOf(uri).includes('manifest/port-range'), 'a diagnostic after the restart');
    assert.equal(codesOf(uri).length, 1, 'said twice');
  },
  'a manifest has its actions above its name, whatever language it is set to': async () => {
    const uri = await openManifest('lens', '# a shop\nname: shop\nimage: nginx:1\n');
    const expected = ['minicloud.deployManifest', 'minicloud.planManifest'].map((command) => ({ command, line: 1 }));
    const actions = async () => (await lensesOf(uri)).map(({ command, line }) => ({ command, line }));
    assert.deepEqual(await actions(), expected);
    const { services } = await minicloud();
    assert.equal((await services.language.summary(uri))?.name, 'shop');
    await languages.setTextDocumentLanguage(await workspace.openTextDocument(uri), 'yaml');
    assert.deepEqual(await actions(), expected);
    await closeEditors();
  },
  'another version of a manifest is read, and nothing is said of it nor done with it': async () => {
    const other = Uri.parse('git:/shop/cloud_manifest.yml?HEAD');
    const provider = workspace.registerTextDocumentContentProvider('git', {
      provideTextDocumentContent: () => wrong,
    });
    try {
      const document = await workspace.openTextDocument(other);
      assert.equal(document.languageId, 'cloud-manifest');
      await window.showTextDocument(document, { preview: false });
      const uri = await openManifest('version', wrong);
      await until(() => codesOf(uri).includes('manifest/port-range'), 'a diagnostic for the port of the file');
      assert.deepEqual(await lensesOf(other), []);
      assert.deepEqual(codesOf(other), []);
    } finally {
      provider.dispose();
      await closeEditors();
    }
  },
  'what only the server found says where else to look': async () => {
    const { services } = await minicloud();
    const uri = await openManifest('related', 'name: shop\nimage: nginx:1\n');
    const at = (line: number) => ({ start: { line, character: 0 }, end: { line, character: 4 } });
    services.language.showServerDiagnostics(uri, [
      {
        ...{ range: at(0), message: 'No.', severity: 'error', code: 'manifest/name', path: '' },
        related: [
          { message: 'Here.', range: at(1) },
          { message: 'And there.', range: at(0), file: 'src/app.ts' },
        ],
      },
    ]);
    const [found] = languages.getDiagnostics(uri).filter(({ source }) => source === 'minicloud server');
    assert.deepEqual(
      found?.relatedInformation?.map(({ location, message }) => [
        location.uri.path,
        location.range.start.line,
        message,
      ]),
      [
        [uri.path, 1, 'Here.'],
        [workspaceFile('related/src/app.ts').path, 0, 'And there.'],
      ],
    );
    await closeEditors();
  },
  'a page of an earlier window says that it is not kept': async () => {
    const restored = Uri.parse('minicloud-document://log/server/shop.log');
    assert.match((await workspace.openTextDocument(restored)).getText(), /^This page was of an earlier window/);
  },
  'errors of YAML are left to another YAML server from the moment it is there': async () => {
    const uri = await openManifest('other-yaml', 'name: shop\nimage: "nginx:1\n');
    await languages.setTextDocumentLanguage(await workspace.openTextDocument(uri), 'yaml');
    await until(() => codesOf(uri).includes('manifest/syntax'), 'an error of YAML');
    const other = await otherYamlServer();
    try {
      other.start(uri);
      const messages = (): string[] => languages.getDiagnostics(uri).map(({ message }) => message);
      await until(() => messages().join() === 'This is not YAML.', 'only the other one tells of it');
    } finally {
      other.stop();
      await closeEditors();
    }
  },
};
