/** The main job as a new user does it: a real engine, the sample's manifest, the editor, and its page in a browser. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { packageExtension } from 'minicloud/package.ts';
import type { Page } from 'playwright-core';
import { type Lab, requireEnv, startLab } from '../harness/companion.ts';
import { openWorkbench, startVscode, type Vscode, type Workbench } from '../harness/vscode.ts';
import { themes } from './steps.ts';
import { activeTab, answer, noApps, openFile, runCommand, takePicture, told, treeRow } from './workbench.ts';

const sampleManifest = path.resolve(import.meta.dirname, '../../server/images/sample/cloud_manifest.yml');
let lab: Lab;
let folder: string;
let packed: string;
let vscode: Vscode;
let workbench: Workbench;
let page: Page;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'guestbook-'));
  packed = await mkdtemp(path.join(tmpdir(), 'minicloud-packed-'));
  const manifest = await readFile(sampleManifest, 'utf8');
  const image = `name: sample\nimage: ${requireEnv('MINICLOUD_TEST_SAMPLE_IMAGE')}`;
  await writeFile(path.join(folder, 'cloud_manifest.yml'), manifest.replace('name: sample', image));
  lab = await startLab();
  vscode = await startVscode({
    vsix: [await packageExtension(packed)],
    settings: { 'workbench.colorTheme': themes.dark },
  });
  workbench = await openWorkbench(vscode, { folder });
  ({ page } = workbench);
  page.setDefaultTimeout(60_000);
});
after(async () => {
  await workbench?.close();
  await vscode?.stop();
  await lab?.remove();
  for (const each of [folder, packed]) await rm(each, { recursive: true, force: true });
});

test('from adding the server to the page of the app, with its data behind it', async () => {
  await page.locator('.activitybar a[aria-label^="Minicloud"]').click();
  await runCommand(page, 'Minicloud: Add Server…');
  await answer(page, 'Add Server (1/2)', lab.ready.apiUrl);
  await answer(page, 'Token for', lab.ready.token);
  await noApps(page).waitFor();
  await openFile(page, 'cloud_manifest.yml');
  await runCommand(page, 'Minicloud: Plan Manifest');
  await activeTab(page, 'Plan of sample').waitFor();
  await page.getByText('What changes').waitFor();
  await takePicture(page, 'sample-plan');
  await page.locator('.editor-actions [aria-label^="Deploy This Plan"]').click();
  await told(page, 'release 1 is live', 240_000);
  await treeRow(page, 'sample').first().click();
  await treeRow(page, 'Release 1').waitFor();
  await page.waitForTimeout(500);
  await takePicture(page, 'sample-live');

  const browser = page.context().browser();
  assert.ok(browser);
  // The browser of the test does not trust the local authority; that the certificate is right is tested elsewhere.
  const visitor = await browser.newContext({ ignoreHTTPSErrors: true, colorScheme: 'light' });
  const site = await visitor.newPage();
  await site.goto(`https://sample.localhost:${lab.httpsPort}/`);
  await site.getByLabel(/name/i).first().fill('Ada');
  await site
    .getByLabel(/message/i)
    .first()
    .fill('Written from a real browser.');
  await site.getByRole('button').first().click();
  await site.getByText('Written from a real browser.').waitFor();
  await takePicture(site, 'sample-page');
  await visitor.close();

  await runCommand(page, 'Minicloud: Deploy Manifest');
  await told(page, 'release 2 is live', 240_000);
  assert.match((await lab.get('sample.localhost', '/api/entries')).text, /Written from a real browser/);
  const [release] = await lab.client.releases.list.query({ app: 'sample' });
  assert.equal(release?.version, 2);
  assert.equal(release?.receipt?.probes.failed, 0);
});
