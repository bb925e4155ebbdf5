/** Restricted Mode: what is in the folder is checked, and nothing of it reaches a server. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import type { Page } from 'playwright-core';
import { type MemoryCompanion, startMemoryCompanion } from '../harness/memory-companion.ts';
import { openPackaged, type Packaged } from './packaged.ts';
import { walkSteps } from './steps.ts';
import {
  addServer,
  forgetToasts,
  openFile,
  pickRow,
  pressNotice,
  pressStep,
  runCommand,
  takePicture,
  toasts,
  told,
} from './workbench.ts';

describe('in a workspace that is not trusted', () => {
  let folder: string;
  let companion: MemoryCompanion;
  let editor: Packaged;
  let page: Page;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'minicloud-restricted-'));
    await writeFile(
      join(folder, 'cloud_manifest.yml'),
      'name: shop\nimage: example.com/shop:1\nexpose: [{ port: 70000 }]\n',
    );
    companion = await startMemoryCompanion();
    editor = await openPackaged(folder, { theme: 'light', workspaceTrust: true });
    ({ page } = editor);
  });
  after(async () => {
    await editor?.close();
    await companion?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const step = walkSteps(() => editor);

  step('manifests are checked, nothing is planned or deployed, and trusting is one press away', async () => {
    await page.locator('.part.statusbar').getByText('Restricted Mode', { exact: true }).waitFor();
    await page.locator('.activitybar a[aria-label^="Minicloud"]').click();
    const welcome = page.locator('.welcome-view-content');
    await welcome
      .getByText('This workspace is not trusted: manifests are checked, and nothing is deployed from here.', {
        exact: true,
      })
      .waitFor();
    await addServer(page, companion.url, companion.admin);
    await welcome
      .getByText('No apps yet. This workspace is not trusted: nothing is deployed from here.', { exact: true })
      .waitFor();
    await openFile(page, 'cloud_manifest.yml');
    await page.locator('.squiggly-error').first().waitFor();
    await page.locator('.codelens-decoration').getByText('Checked only: this workspace is not trusted').waitFor();
    assert.equal(await page.locator('.editor-actions [aria-label^="Deploy Manifest"]').count(), 0);
    assert.equal(await page.locator('.editor-actions [aria-label^="Plan Manifest"]').count(), 0);
    await takePicture(page, 'trouble-10-untrusted');
    await forgetToasts(page);
    // The editor itself asks before it runs a task of the folder.
    await runCommand(page, 'Tasks: Run Task');
    await page.locator('.monaco-dialog-box').getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.locator('.monaco-dialog-box').waitFor({ state: 'detached' });
    // What is left are links to commands.
    await runCommand(page, 'Welcome: Open Walkthrough...');
    await pickRow(page, 'Deploy your first app with Minicloud');
    await pressStep(page, 'See what would change', 'Plan Manifest');
    await told(
      page,
      'This workspace is not trusted: manifests are checked, and nothing is planned or deployed from here.',
    );
    assert.deepEqual(await companion.client.apps.list.query(), []);
    assert.equal((await toasts(page)).length, 1, JSON.stringify(await toasts(page)));
    await pressNotice(page, 'This workspace is not trusted', 'Manage Workspace Trust');
    await page.getByRole('button', { name: 'Trust', exact: true }).click();
    await welcome.getByRole('button', { name: 'Deploy Manifest', exact: true }).waitFor();
  });
});
