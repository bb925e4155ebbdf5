/** Runs the suite inside a real extension host and tells its results one by one. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stageExtension } from 'minicloud/package.ts';
import type { MemoryCompanion } from '../harness/memory-companion.ts';
import { openWorkbench, remotePath, startVscode, type Vscode } from '../harness/vscode.ts';
import { type VscodeVersion, vscodeVersions } from '../harness/vscode-install.ts';
import type { HostResult } from './suite/index.ts';
import { buildSuite } from './suite-build.ts';
import { startSuiteCompanion } from './suite-companion.ts';

const suiteLimitMs = 10 * 60_000;

// The lowest that is promised; the walks beside this file run in the current one.
const version = 'lowest';
describe(`inside the extension host of VS Code ${vscodeVersions[version]['code-server'].replace(/^4/, '1')}`, () =>
  inside(version));

function inside(version: VscodeVersion): void {
  let folder: string;
  let extension: string;
  let companion: MemoryCompanion | undefined;
  let vscode: Vscode | undefined;
  let results: HostResult[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'minicloud-host-'));
    await writeFile(join(folder, 'cloud_manifest.yml'), 'name: shop\n');
    // Beside the workspace: its manifests are no manifests of the workspace.
    extension = await mkdtemp(join(tmpdir(), 'minicloud-extension-'));
    await Promise.all([stageExtension(extension), buildSuite(join(folder, 'suite.cjs'))]);
    companion = await startSuiteCompanion();
    const resultsFile = join(folder, 'results.json');
    vscode = await startVscode({
      version,
      testDriver: true,
      env: {
        MINICLOUD_TEST_RESULTS: resultsFile,
        MINICLOUD_TEST_URL: companion.url,
        MINICLOUD_TEST_TOKEN: companion.admin,
      },
    });
    const workbench = await openWorkbench(vscode, {
      folder,
      payload: [
        ['extensionDevelopmentPath', remotePath(vscode, extension)],
        ['extensionTestsPath', remotePath(vscode, join(folder, 'suite.cjs'))],
      ],
    });
    const deadline = Date.now() + suiteLimitMs;
    try {
      for (;;) {
        const text = await readFile(resultsFile, 'utf8').catch(() => undefined);
        if (text) {
          results = JSON.parse(text) as HostResult[];
          return;
        }
        assert.ok(Date.now() < deadline, `the suite gave no results\n${vscode.output().slice(-4000)}`);
        await sleep(200);
      }
    } finally {
      await workbench.close();
    }
  });
  after(async () => {
    await vscode?.stop();
    await companion?.stop();
    for (const each of [folder, extension]) await rm(each, { recursive: true, force: true });
  });

  test('every test of the suite passes in the host', async (t) => {
    assert.ok(results.length >= 10, `only ${results.length} tests ran`);
    for (const { name, error } of results) await t.test(name, () => assert.equal(error, undefined, error));
  });

  test('no language server outlives the editor', async () => {
    await vscode?.stop();
    const deadline = Date.now() + 60_000;
    while (languageServers(extension).length > 0 && Date.now() < deadline) await sleep(100);
    assert.deepEqual(languageServers(extension), []);
  });
}

/** Command lines of running language servers of the extension in `folder`. */
function languageServers(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return [];
      }
    })
    .filter((line) => line.includes(join(folder, 'dist', 'language-server.cjs')) && line.includes('--node-ipc'));
}
