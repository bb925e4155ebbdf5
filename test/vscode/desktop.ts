/**
 * `node test/vscode/desktop.ts [EXECUTABLE]`: the suite of `host.test.ts` in a desktop VS Code, which is downloaded when
 * none is named. A program of its own and not part of `npm test`, for a desktop build needs a display and its download.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { stageExtension } from 'minicloud/package.ts';
import { buildSuite } from './suite-build.ts';
import { startSuiteCompanion } from './suite-companion.ts';

/** Ends with code 0 when every test passed; failures are printed by the host. */
async function main(executable: string | undefined): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'minicloud-desktop-'));
  const [workspace, extension, suite] = ['workspace', 'extension', 'suite.cjs'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const companion = await startSuiteCompanion();
  try {
    await mkdir(workspace);
    await mkdir(extension);
    await writeFile(join(workspace, 'cloud_manifest.yml'), 'name: shop\n');
    await Promise.all([stageExtension(extension), buildSuite(suite)]);
    await runTests({
      ...(executable ? { vscodeExecutablePath: executable } : {}),
      extensionDevelopmentPath: extension,
      extensionTestsPath: suite,
      extensionTestsEnv: { MINICLOUD_TEST_URL: companion.url, MINICLOUD_TEST_TOKEN: companion.admin },
      launchArgs: [workspace, '--disable-extensions', `--user-data-dir=${join(folder, 'user')}`],
    });
    console.log('The suite passed in the desktop build.');
  } finally {
    await companion.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

await main(process.argv[2]);
