/** The main job as a new user does it: a real engine, the sample's manifest, the editor, and its page in a browser. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type Lab, startLab } from '../harness/companion.ts';
import { openPackaged, type Packaged } from './packaged.ts';
import { takePictures } from './steps.ts';
import {
  activeTab,
  answer,
  noApps,
  openFile,
  openFromNotice,
  pressStep,
  runCommand,
  takePicture,
  told,
  treeRow,
  walkthroughStep,
} from './workbench.ts';

let lab: Lab;
let folder: string;
let editor: Packaged;
let page: Page;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'guestbook-'));
  lab = await startLab();
  editor = await openPackaged(folder, { theme: 'dark' });
  ({ page } = editor);
});
after(async () => {
  await editor?.close();
  await lab?.remove();
  await rm(folder, { recursive: true, force: true });
});

test('the first steps: from adding the server to the page of the sample, with its data behind it', async () => {
  await page.locator('.activitybar a[aria-label^="Minicloud"]').click();
  await page.getByRole('button', { name: 'Show the First Steps', exact: true }).click();
  await walkthroughStep(page, 'Add the server').waitFor();
  await isDone('Add the server', false);
  await pressStep(page, 'Add the server', 'Add Server');
  await answer(page, 'Add Server (1/2)', lab.ready.apiUrl);
  await answer(page, 'Token for', lab.ready.token);
  await noApps(page).waitFor();
  await isDone('Add the server', true);
  await isDone('Write a manifest', false);
  // The picture of a step stands beside it where there is room.
  await page.setViewportSize({ width: 1700, height: 800 });
  await walkthroughStep(page, 'See what would change').click();
  const picture = page.frameLocator('.getting-started-media iframe.webview.ready').frameLocator('#active-frame');
  await picture.getByText('Create guestbook on localhost', { exact: true }).waitFor();
  await takePictures(editor, 'sample-steps');
  await page.setViewportSize({ width: 1280, height: 800 });
  await pressStep(page, 'Write a manifest', 'Open Sample Manifest');
  await activeTab(page, 'cloud_manifest.yml').waitFor();
  const manifest = await readFile(path.join(folder, 'cloud_manifest.yml'), 'utf8');
  assert.match(manifest, /^name: guestbook\nimage: minicloud\/sample:/m);
  await toSteps();
  await isDone('Write a manifest', true);
  await isDone('See what would change', false);
  await pressStep(page, 'See what would change', 'Plan Manifest');
  await activeTab(page, 'Plan of guestbook').waitFor();
  await page.getByText('What changes').waitFor();
  await takePictures(editor, 'sample-plan');
  await toSteps();
  await isDone('See what would change', true);
  await isDone('Deploy and open it', false);
  await pressStep(page, 'Deploy and open it', 'Deploy Manifest');
  await told(page, 'release 1 is live', 240_000);
  await isDone('Deploy and open it', true);
  await takePictures(editor, 'sample-done');
  await (await openFromNotice(page, 'release 1 is live')).close();
  await treeRow(page, 'guestbook').first().click();
  await treeRow(page, 'Release 1').waitFor();
  await openFile(page, 'cloud_manifest.yml');
  await page
    .locator('.codelens-decoration')
    .getByText(/local certificate, \d+ days left/)
    .waitFor();
  await page.mouse.move(800, 600);
  await takePictures(editor, 'sample-live');

  const browser = page.context().browser();
  assert.ok(browser);
  // The browser of the test does not trust the local authority; that the certificate is right is tested elsewhere.
  const visitor = await browser.newContext({ ignoreHTTPSErrors: true, colorScheme: 'light' });
  const site = await visitor.newPage();
  await site.goto(`https://guestbook.localhost:${lab.httpsPort}/`);
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
  assert.match((await lab.get('guestbook.localhost', '/api/entries')).text, /Written from a real browser/);
  const [release] = await lab.client.releases.list.query({ app: 'guestbook' });
  assert.equal(release?.version, 2);
  assert.equal(release?.receipt?.probes.failed, 0);
});

/** Back to the first steps, which are open beside what they led to. */
async function toSteps(): Promise<void> {
  await page.locator('.tab', { has: page.locator('.label-name').getByText('Welcome', { exact: true }) }).click();
  await walkthroughStep(page, 'Add the server').waitFor();
}

/** The mark before a step of the walkthrough. */
async function isDone(title: string, done: boolean): Promise<void> {
  const mark = walkthroughStep(page, title).locator('.codicon-getting-started-step-checked');
  await mark.waitFor({ state: done ? 'visible' : 'detached' });
}
