/** What a person does first, through the real workbench with the packaged extension: from no server to a live app. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import type { Page } from 'playwright-core';
import { type Companion, startCompanion } from './companion.ts';
import { openPackaged, type Packaged } from './packaged.ts';
import { takePictures, type Walk, walkSteps } from './steps.ts';
import {
  activeTab,
  answer,
  editorText,
  goTo,
  noApps,
  openFile,
  openFromNotice,
  pickRow,
  pressNotice,
  runCommand,
  takePicture,
  told,
  treeRow,
} from './workbench.ts';

const wrong = `name: guestbook
image: docker.io/library/nginx:1.29
expose:
- proto: http
  port: 70000
env:
  GREETING: hello
`;

describe('a first deploy by hand', () => {
  let folder: string;
  let companion: Companion;
  let editor: Packaged;
  let page: Page;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'minicloud-walk-'));
    await writeFile(join(folder, 'cloud_manifest.yml'), wrong);
    companion = await startCompanion();
    editor = await openPackaged(folder, { theme: 'light' });
    ({ page } = editor);
  });
  after(async () => {
    await editor?.close();
    await companion?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const walk = (): Walk => editor;
  const step = walkSteps(walk);
  const pictures = (name: string): Promise<void> => takePictures(walk(), name);

  step('the empty view says what to do', async () => {
    await page.locator('.activitybar a[aria-label^="Minicloud"]').click();
    await page.getByText('No server yet.').waitFor();
    await page.getByRole('button', { name: 'Add Server' }).first().waitFor();
    await pictures('1-empty');
    await page.getByRole('button', { name: 'Show the First Steps' }).click();
    await page.getByText('Deploy your first app with Minicloud').first().waitFor();
    await page.getByText('Start Minicloud on a server').first().waitFor();
    await takePicture(page, '1-first-steps');
    await runCommand(page, 'View: Close All Editors');
  });

  step('a wrong token is explained, and the right one adds the server', async () => {
    await runCommand(page, 'Minicloud: Add Server…');
    await answer(page, 'Add Server (1/2)', companion.url);
    await answer(page, 'Token for', 'mc_user_wrong_token');
    await told(page, 'does not accept this token');
    await takePicture(page, '2-refused');
    await pressNotice(page, 'does not accept this token', 'Change Token…');
    await answer(page, 'Token for', companion.token);
    await noApps(page).waitFor();
  });

  step('an error in the manifest is underlined, and gone when it is fixed', async () => {
    await openFile(page, 'cloud_manifest.yml');
    await page.locator('.squiggly-error').first().waitFor();
    await page.keyboard.press('F8');
    await page.locator('.marker-widget', { hasText: 'a port is a whole number from 1 to 65535' }).waitFor();
    await pictures('3-error');
    await page.keyboard.press('Escape');
    await page.locator('.marker-widget').waitFor({ state: 'hidden' });
    await goTo(page, 5, 9);
    await page.keyboard.press('Shift+End');
    await page.keyboard.type('80');
    await page.locator('.squiggly-error').first().waitFor({ state: 'detached' });
    await page.keyboard.press('Control+s');
    await page.locator('.tab.dirty').waitFor({ state: 'detached' });
  });

  step('the plan shows what would change, and deploying it puts the app in the tree', async () => {
    await runCommand(page, 'Minicloud: Plan Manifest');
    await activeTab(page, 'Plan of guestbook').waitFor();
    await page.getByText('What changes').waitFor();
    assert.match(await editorText(page), /\+ {2}image/);
    await pictures('4-plan');
    await page.locator('.editor-actions [aria-label^="Deploy This Plan"]').click();
    await told(page, 'release 1 is live');
    await treeRow(page, 'guestbook').first().click();
    await treeRow(page, 'Release 1').waitFor();
    await pictures('5-live');
  });

  step('the app is opened in the browser from the message', async () => {
    const opened = await openFromNotice(page, 'release 1 is live');
    assert.match(opened.url(), /guestbook\.localhost|about:blank|chrome-error/);
  });

  step('a change is planned with its consequence', async () => {
    await openFile(page, 'cloud_manifest.yml');
    await page.keyboard.press('Control+End');
    await page.keyboard.type('  COLOUR: blue');
    await page.keyboard.press('Control+s');
    await page.locator('.tab.dirty').waitFor({ state: 'detached' });
    await runCommand(page, 'Minicloud: Plan Manifest');
    await activeTab(page, 'Plan of guestbook').waitFor();
    await page.getByText('COLOUR').first().waitFor();
    await pictures('6-change');
  });

  step('a server that goes away is said so, with its last known apps, and comes back', async () => {
    await companion.pause();
    await treeRow(page, 'Retry').waitFor();
    await treeRow(page, 'guestbook').first().waitFor();
    await pictures('7-away');
    await companion.resume();
    // The editor tries by itself, too: the row may be gone before it is pressed.
    await Promise.race([treeRow(page, 'Retry').click(), treeRow(page, 'Retry').waitFor({ state: 'detached' })]);
    await treeRow(page, 'Retry').waitFor({ state: 'detached' });
    await treeRow(page, 'guestbook').first().waitFor();
  });

  step('logs have a channel of their own', async () => {
    await runCommand(page, 'Minicloud: Show Logs');
    await pickRow(page, 'guestbook');
    await page.locator('.part.panel', { hasText: 'guestbook (localhost)' }).waitFor();
    await takePicture(page, '8-logs');
    await runCommand(page, 'Minicloud: Stop Following Logs');
  });

  step('deleting names what goes, and wants the name typed', async () => {
    await runCommand(page, 'Minicloud: Delete App…');
    await pickRow(page, 'guestbook');
    const dialog = page.locator('.monaco-dialog-box', { hasText: 'Delete guestbook from localhost?' });
    await dialog.waitFor();
    await takePicture(page, '9-delete');
    await dialog.getByRole('button', { name: 'Delete guestbook…' }).click();
    await answer(page, 'Delete guestbook from localhost?', 'guestbook');
    await noApps(page).waitFor();
  });

  step('what was deleted comes back from the message that told of it', async () => {
    await pressNotice(page, 'guestbook was deleted from localhost.', 'Restore');
    await told(page, 'guestbook is back on localhost. It had no data.');
    await treeRow(page, 'guestbook').first().waitFor();
  });
});
