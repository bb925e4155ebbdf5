/** What a person sees when something goes wrong: one clear message, one action, nothing lost, no storm of messages. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { eventually, type MemoryCompanion, startMemoryCompanion } from '../harness/memory-companion.ts';
import { type Gate, startGate } from './gate.ts';
import { unfold } from './gestures.ts';
import { newerServer, olderServer } from './other-versions.ts';
import { openPackaged, type Packaged } from './packaged.ts';
import { type Walk, walkSteps } from './steps.ts';
import {
  activeTab,
  addServer,
  answer,
  editorText,
  forgetToasts,
  notification,
  openFile,
  pressNotice,
  runCommand,
  takePicture,
  toasts,
  told,
  treeRow,
} from './workbench.ts';

const hourMs = 3_600_000;
const health = 'healthcheck: { port: 80, interval: 1s, retries: 3, grace: 10m }\n';
const web = (name: string, image: string, more = ''): string =>
  `name: ${name}\nimage: ${image}\nexpose:\n- proto: http\n  port: 80\n${health}${more}`;
/** By folder. */
const manifests = {
  shop: web('shop', 'example.com/shop:1', 'env:\n  COLOUR: blue\n'),
  keeper: web('keeper', 'example.com/keeper:1', 'env:\n  COLOUR: blue\n'),
};

describe('in trouble', () => {
  /** Apps whose containers answer nobody. */
  const sick = new Set<string>();
  let folder: string;
  let companion: MemoryCompanion;
  let gate: Gate;
  let token: { id: string; value: string };
  let editor: Packaged;
  let page: Page;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'minicloud-trouble-'));
    for (const [name, text] of Object.entries(manifests)) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'cloud_manifest.yml'), text);
    }
    companion = await startMemoryCompanion({
      behaviour: ({ labels }) => ({ healthy: !sick.has(labels['minicloud.app-name'] ?? '') }),
    });
    companion.engine.seedImage('example.com/keeper:1', { volumes: ['/data'] });
    for (const [name, text] of Object.entries(manifests)) {
      assert.equal((await companion.deploy(text.replace('blue', 'red'))).state, 'succeeded', name);
    }
    gate = await startGate(companion.url);
    token = await newToken(companion);
    editor = await openPackaged(folder, { theme: 'dark' });
    ({ page } = editor);
  });
  after(async () => {
    await editor?.close();
    await gate?.cut().catch(() => {});
    await companion?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const walk = (): Walk => editor;
  const step = walkSteps(walk);
  const dialog = (): Locator => page.locator('.monaco-dialog-box');
  const releasesOf = async (app: string): Promise<number> =>
    (await companion.client.releases.list.query({ app })).length;
  /** A deploy that waits for its health check until `sick` is cleared. */
  const deploySick = async (): Promise<void> => {
    await forgetToasts(page);
    sick.add('shop');
    await runCommand(page, 'Minicloud: Deploy Manifest');
    await notification(page, 'Deploying shop to')
      .getByText(/healthy/)
      .waitFor();
  };

  step('a running deploy is cancelled from its message, and what served keeps serving', async () => {
    await page.locator('.activitybar a[aria-label^="Minicloud"]').click();
    await addServer(page, gate.url, token.value);
    await treeRow(page, 'shop').waitFor();
    await openFile(page, 'shop/cloud_manifest.yml');
    await forgetToasts(page);
    sick.add('shop');
    await runCommand(page, 'Minicloud: Deploy Manifest');
    const progress = notification(page, 'Deploying shop to');
    await progress.getByText(/healthy/).waitFor();
    await takePicture(page, 'trouble-1-deploying');
    await progress.getByRole('button', { name: 'Cancel', exact: true }).click();
    await told(page, 'shop: cancelled.');
    await takePicture(page, 'trouble-1-cancelled');
    assert.deepEqual(await lastTexts(page, /^shop: /), [(await lastTexts(page)).at(-1)]);
    assert.match((await lastTexts(page)).at(-1) ?? '', /^shop: cancelled\. .*[Rr]elease 1.*serve/);
    assert.equal((await toasts(page)).length, 2, JSON.stringify(await toasts(page)));
    const { state, release } = await companion.client.apps.get.query({ name: 'shop' });
    assert.deepEqual([state, release], ['running', 1]);
    sick.clear();
  });

  step('data that would go is named before a deploy, and Cancel changes nothing', async () => {
    await openFile(page, 'keeper/cloud_manifest.yml');
    await forgetToasts(page);
    await runCommand(page, 'Minicloud: Deploy Manifest');
    await dialog().getByText('Deploy keeper to', { exact: false }).waitFor();
    for (const words of ['This would be lost:', 'data at /data']) await dialog().getByText(words).first().waitFor();
    await takePicture(page, 'trouble-2-data');
    await dialog().getByRole('button', { name: 'Cancel', exact: true }).click();
    await dialog().waitFor({ state: 'detached' });
    assert.equal(await releasesOf('keeper'), 1);
    assert.deepEqual(await toasts(page), []);
    await runCommand(page, 'Minicloud: Deploy Manifest');
    await dialog().getByRole('button', { name: 'Deploy and Risk This Data', exact: true }).click();
    await told(page, 'keeper: release 2 is live.');
  });

  step('an app is rolled back from its row, after a question that says what stays', async () => {
    await forgetToasts(page);
    await openFile(page, 'shop/cloud_manifest.yml');
    await runCommand(page, 'Minicloud: Deploy Manifest');
    await told(page, 'shop: release 3 is live.');
    await forgetToasts(page);
    await treeRow(page, 'shop').click();
    await treeRow(page, 'Release 1').hover();
    await treeRow(page, 'Release 1').getByRole('button', { name: 'Roll Back App…' }).click();
    await dialog().getByText('Roll shop back to release 1?', { exact: true }).waitFor();
    await takePicture(page, 'trouble-3-back');
    await dialog().getByRole('button', { name: 'Cancel', exact: true }).click();
    await dialog().waitFor({ state: 'detached' });
    assert.equal(await releasesOf('shop'), 3);
    assert.deepEqual(await toasts(page), []);
    await treeRow(page, 'Release 1').hover();
    await treeRow(page, 'Release 1').getByRole('button', { name: 'Roll Back App…' }).click();
    await dialog().getByRole('button', { name: 'Roll Back', exact: true }).click();
    await told(page, 'shop: release 4 serves what release 1 was.');
    await treeRow(page, 'Release 4')
      .getByText(/^current · /)
      .waitFor();
    assert.equal((await toasts(page)).length, 2, JSON.stringify(await toasts(page)));
  });

  step('a server that goes away during a deploy is watched again when it is back', async () => {
    await deploySick();
    await gate.cut();
    await told(page, 'is away; it goes on there');
    await treeRow(page, 'Retry').waitFor();
    await takePicture(page, 'trouble-4-away');
    // It goes on there.
    sick.clear();
    await eventually(
      'the release is current',
      async () => (await companion.client.apps.get.query({ name: 'shop' })).release === 5,
    );
    await gate.open();
    await told(page, 'shop: release 5 is live.');
    await treeRow(page, 'Retry').waitFor({ state: 'detached' });
    assert.equal((await toasts(page)).length, 2, JSON.stringify(await toasts(page)));
  });

  step('a token that is revoked in the middle: one message, one action, and the deploy goes on', async () => {
    await deploySick();
    await companion.client.tokens.revoke.mutate({ id: token.id });
    const welcome = page.locator('.welcome-view-content');
    await welcome.getByText('The server refuses the token: it expired or was revoked.', { exact: true }).waitFor();
    await told(page, 'refuses the token');
    await takePicture(page, 'trouble-5-revoked');
    // The same again tells the same once more, and not beside it.
    await runCommand(page, 'Minicloud: Plan Manifest');
    await runCommand(page, 'Minicloud: Show Server Status');
    const refused = (await toasts(page)).filter((texts) => texts.some((text) => text.includes('refuses the token')));
    assert.equal(refused.length, 1, JSON.stringify(await toasts(page)));
    token = await newToken(companion);
    await pressNotice(page, 'refuses the token', 'Replace Token…');
    await answer(page, 'Token for', token.value);
    await treeRow(page, 'shop').waitFor();
    sick.clear();
    await treeRow(page, 'shop')
      .getByText(/^running · release 6/)
      .waitFor();
  });

  step('a token that a machine could not keep is said to be gone, and is asked for', async () => {
    await page.reload();
    await page.waitForSelector('.monaco-workbench');
    const welcome = page.locator('.welcome-view-content');
    await welcome.getByText('The token is gone: this machine kept it for one session only.', { exact: true }).waitFor();
    await takePicture(page, 'trouble-6-keyring');
    assert.deepEqual(await toasts(page), []);
    await welcome.getByRole('button', { name: 'Replace Token…', exact: true }).click();
    await answer(page, 'Token for', token.value);
    await treeRow(page, 'shop').waitFor();
  });

  step('clocks an hour apart: what was just done was done just now', async () => {
    for (const [ms, release] of [
      [hourMs, 7],
      [-2 * hourMs, 8],
    ] as const) {
      companion.pass(ms);
      await openFile(page, 'shop/cloud_manifest.yml');
      await runCommand(page, 'Minicloud: Deploy Manifest');
      await told(page, `shop: release ${release} is live.`);
      await unfold(page, 'shop');
      await treeRow(page, `Release ${release}`)
        .getByText(/^current · just now · /)
        .waitFor();
    }
    await takePicture(page, 'trouble-7-clock');
    companion.pass(hourMs);
  });

  step('an older server: what it does not offer is not there, and asking for it says why', async () => {
    gate.change(olderServer);
    await runCommand(page, 'Minicloud: Refresh Apps');
    await page.locator('.codelens-decoration').getByText('Plan').waitFor({ state: 'detached' });
    await forgetToasts(page);
    await treeRow(page, 'shop').hover();
    const gone = { state: 'detached' } as const;
    await treeRow(page, 'shop').getByRole('button', { name: 'Show Logs' }).waitFor(gone);
    await treeRow(page, 'Release 7').hover();
    await treeRow(page, 'Release 7').getByRole('button', { name: 'Roll Back App…' }).waitFor(gone);
    await runCommand(page, 'Minicloud: Plan Manifest');
    await told(page, 'Planning is not available');
    await takePicture(page, 'trouble-8-older');
    assert.match(
      (await lastTexts(page))[0] ?? '',
      /The server runs Minicloud 0\.0\.1, which does not offer it\. Update the server\.$/,
    );
    assert.equal((await toasts(page)).length, 1);
    await runCommand(page, 'Notifications: Clear All Notifications');
  });

  step('a newer server: states and kinds that are not known are shown as they are called', async () => {
    gate.change(newerServer);
    await runCommand(page, 'Minicloud: Refresh Apps');
    await forgetToasts(page);
    await treeRow(page, 'shop')
      .getByText(/^hibernating · /)
      .waitFor();
    await treeRow(page, 'Release 7')
      .getByText(/^archived · /)
      .waitFor();
    await treeRow(page, 'Activity').click();
    await page
      .locator('.pane-body .monaco-list-row')
      .getByText(/^paused · /)
      .first()
      .waitFor();
    await runCommand(page, 'Minicloud: Show Server Status');
    await page.locator('.quick-input-widget:visible').getByText('quantum-link', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await openFile(page, 'shop/cloud_manifest.yml');
    await writeFile(join(folder, 'shop', 'cloud_manifest.yml'), manifests.shop.replace('blue', 'green'));
    await page.locator('.editor-instance .view-line', { hasText: 'green' }).waitFor();
    await runCommand(page, 'Minicloud: Plan Manifest');
    await activeTab(page, 'Plan of shop').waitFor();
    await page.getByText('Consequence: teleport.').waitFor();
    assert.match(await editorText(page), /\?\s+variable COLOUR\s+teleport/);
    await takePicture(page, 'trouble-9-newer');
    // An event of a kind that is not known is passed over, and those after it come.
    const propose = (colour: string) =>
      companion.client.proposals.create.mutate({ manifest: manifests.shop.replace('blue', colour), reason: colour });
    await propose('white');
    gate.change(undefined);
    await propose('black');
    await page.locator('.pane-body .monaco-list-row', { hasText: 'Plan of shop' }).nth(1).waitFor();
    assert.deepEqual(await toasts(page), []);
    await runCommand(page, 'Minicloud: Refresh Apps');
    await treeRow(page, 'shop')
      .getByText(/^running · /)
      .waitFor();
  });

  step('a plan of before somebody else deployed says so, and is made again from there', async () => {
    await openFile(page, 'shop/cloud_manifest.yml');
    await runCommand(page, 'Minicloud: Plan Manifest');
    await activeTab(page, 'Plan of shop').waitFor();
    const stale = page.locator('.editor-instance .view-line', { hasText: 'The server has changed since' });
    const lens = (title: string): Locator => page.locator('.codelens-decoration').getByText(title);
    await lens('Deploy This Plan').waitFor();
    assert.equal((await companion.deploy(manifests.shop.replace('blue', 'white'))).state, 'succeeded');
    await stale.waitFor();
    await lens('Plan Again').waitFor();
    await takePicture(page, 'trouble-10-overtaken');
    await lens('Plan Again').click();
    await stale.waitFor({ state: 'detached' });
    await lens('Deploy This Plan').waitFor();
  });
});

async function newToken(companion: MemoryCompanion): Promise<{ id: string; value: string }> {
  const { token, value } = await companion.token('admin', { name: 'editor' });
  return { id: token.id, value };
}

/** What every message said last, of those that match. */
async function lastTexts(page: Page, wanted = /^/): Promise<string[]> {
  return (await toasts(page)).flatMap((texts) => texts.at(-1) ?? []).filter((text) => wanted.test(text));
}
