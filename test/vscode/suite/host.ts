/** What the tests inside the extension host share. */
import assert from 'node:assert/strict';
import type { TestApi } from 'minicloud/src/extension.ts';
import {
  type CodeLens,
  commands,
  type Diagnostic,
  extensions,
  type Hover,
  languages,
  type MarkdownString,
  type Position,
  Range,
  Uri,
  window,
  workspace,
} from 'vscode';

export const extensionId = 'minicloud.minicloud';

/** The extension's inside, which it gives away only to a test host. */
export async function minicloud(): Promise<TestApi> {
  const extension = extensions.getExtension<TestApi>(extensionId);
  assert.ok(extension, 'the extension is not there');
  return extension.activate();
}

/** Waits until `what` is true; the message names what never was. */
export async function until(what: () => boolean | Promise<boolean>, message: string, limitMs = 60_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error(`never true in ${limitMs / 1000} s: ${message}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export function workspaceFile(name: string): Uri {
  const folder = workspace.workspaceFolders?.[0];
  assert.ok(folder, 'no folder is open');
  return Uri.joinPath(folder.uri, name);
}

/** Writes a manifest of its own folder and opens it; named as every manifest is. */
export async function openManifest(folder: string, text: string): Promise<Uri> {
  const uri = workspaceFile(`${folder}/cloud_manifest.yml`);
  await workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  await window.showTextDocument(uri, { preview: false });
  return uri;
}

/** Replaces all of a file in an editor, as typed by a person, and saves it. */
export async function save(uri: Uri, text: string): Promise<void> {
  const document = await workspace.openTextDocument(uri);
  const editor = await window.showTextDocument(document);
  await editor.edit((edit) => edit.replace(new Range(0, 0, document.lineCount, 0), text));
  await document.save();
}

export function codeOf({ code }: Diagnostic): unknown {
  return typeof code === 'object' ? code.value : code;
}

export function codesOf(uri: Uri): unknown[] {
  return languages.getDiagnostics(uri).map(codeOf);
}

export async function hoverText(uri: Uri, at: Position): Promise<string> {
  const hovers = await commands.executeCommand<Hover[]>('vscode.executeHoverProvider', uri, at);
  return hovers.flatMap(({ contents }) => contents.map((each) => (each as MarkdownString).value)).join();
}

export async function lensesOf(uri: Uri): Promise<{ title: string; command: string; line: number }[]> {
  const lenses = await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', uri);
  return lenses.map(({ command, range }) => ({
    ...{ title: command?.title ?? '', command: command?.command ?? '', line: range.start.line },
  }));
}

export async function closeEditors(): Promise<void> {
  await commands.executeCommand('workbench.action.closeAllEditors');
}

/** The companion that the test process started. */
export function companion(): { url: string; token: string } {
  const { MINICLOUD_TEST_URL: url, MINICLOUD_TEST_TOKEN: token } = process.env;
  assert.ok(url && token, 'no companion was started for this run');
  return { url, token };
}

/** The companion as a server of the editor, for as long as `test` runs; editors are closed after it. */
export async function withServer(name: string, test: (serverId: string) => Promise<void>): Promise<void> {
  const { services } = await minicloud();
  const { url, token } = companion();
  const { server } = await services.servers.add({ name, url }, token);
  try {
    await test(server.id);
  } finally {
    await services.servers.remove(server.id);
    await closeEditors();
  }
}

/** Puts `answers` in the place of what would ask the person, for as long as `test` runs. */
export async function answering(answers: Partial<typeof window>, test: () => Promise<void>): Promise<void> {
  const own = Object.fromEntries(Object.keys(answers).map((name) => [name, Reflect.get(window, name)]));
  Object.assign(window, answers);
  try {
    await test();
  } finally {
    Object.assign(window, own);
  }
}

/** Deploys a manifest without the editor, and waits until it is live. */
export async function deployed(serverId: string, manifest: string): Promise<void> {
  const { services } = await minicloud();
  const api = services.connections.get(serverId)?.api;
  assert.ok(api);
  const { operationId: id } = await api.deploys.start.mutate({ manifest, fileName: 'cloud_manifest.yml' });
  await until(async () => (await api.operations.get.query({ id })).state === 'succeeded', 'the deploy is done');
}
