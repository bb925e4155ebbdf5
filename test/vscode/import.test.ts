/** Importing as a person does it: from the explorer and the palette, looked at, written, undone, and refused. */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe } from 'node:test';
import { parseManifest } from 'minicloud-shared/manifest/parse';
import type { Locator, Page } from 'playwright-core';
import { chooseItem } from './gestures.ts';
import { openPackaged, type Packaged } from './packaged.ts';
import { takePictures, walkSteps } from './steps.ts';
import { editorText, notification, pickRow, runCommand, takePicture } from './workbench.ts';

const fixtures = path.resolve(import.meta.dirname, '../fixtures/import');

/** For what happens once; a busy machine takes some seconds. */
const patienceMs = 120_000;

describe('an import by hand', () => {
  let outside: string;
  let folder: string;
  let editor: Packaged;
  let page: Page;

  before(async () => {
    outside = await mkdtemp(path.join(tmpdir(), 'minicloud-import-'));
    folder = path.join(outside, 'blog');
    await cp(path.join(fixtures, 'blog'), folder, { recursive: true });
    await mkdir(path.join(folder, 'old'));
    await cp(path.join(fixtures, 'heroku/Procfile'), path.join(folder, 'old/Procfile'));
    await writeFile(path.join(folder, 'old/cloud_manifest.yml'), 'name: kept\nexpose:\n- port: 80\n');
    await mkdir(path.join(folder, 'broken'));
    await writeFile(path.join(folder, 'broken/compose.yml'), 'services:\n  web: a: b: c\n');
    editor = await openPackaged(folder, { theme: 'light', patienceMs: 40_000, width: 1500, height: 900 });
    ({ page } = editor);
  });
  after(async () => {
    await editor?.close();
    await rm(outside, { recursive: true, force: true });
  });

  const step = walkSteps(() => editor);
  const tab = (title: string): Locator => page.locator('.tab').filter({ has: page.getByText(title, { exact: true }) });
  const file = (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8');
  const written = async (name: string, has: RegExp): Promise<string> => {
    let text = '';
    for (const end = Date.now() + patienceMs; Date.now() < end; await page.waitForTimeout(100)) {
      text = await file(name).catch(() => '');
      if (has.test(text)) return text;
    }
    return assert.fail(`${name} has no ${has}, but: ${text}`);
  };

  step('a Compose file is imported from its menu in the explorer', async () => {
    const row = page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'docker-compose.yml' });
    const item = page.getByRole('menuitem', { name: 'Import…', exact: true });
    // The menu has what extensions add to it once they have been found.
    const end = Date.now() + patienceMs;
    for (let shown = false; !shown; ) {
      assert.ok(Date.now() < end, 'the menu has no Import…');
      await page.keyboard.press('Escape');
      await row.click({ button: 'right' });
      const waiting = item.waitFor({ timeout: 3_000 });
      shown = await waiting.then(
        () => true,
        () => false,
      );
    }
    assert.ok(await chooseItem(page, 'Import…'));
    await page.locator('.quick-input-widget', { hasText: 'Import docker-compose.yml' }).waitFor();
    await takePicture(page, 'import-1-service');
    await pickRow(page, 'web');
    await tab('Manifest from docker-compose.yml').waitFor();
    await tab('Report on docker-compose.yml').waitFor();
    await notification(page, '2 secrets to set.').waitFor();
    // As a page to be read: headings are no words behind signs.
    const report = page.frameLocator('iframe.webview.ready').frameLocator('#active-frame');
    await report.getByRole('heading', { name: /^Not available in this version of Minicloud yet/ }).waitFor();
    await takePictures(editor, 'import-2-preview');
    assert.equal(
      await file('cloud_manifest.yml').catch(() => undefined),
      undefined,
      'nothing is written before it is said',
    );
  });

  step('it is written by the button, and is a manifest without an error or a secret', async () => {
    await page.locator('.editor-actions [aria-label^="Create Imported Manifest"]').first().click();
    const text = await written('cloud_manifest.yml', /name: blog/);
    const { manifest } = parseManifest(text);
    assert.equal(manifest?.name, 'blog');
    assert.doesNotMatch(text, /planted/);
    await tab('cloud_manifest.yml').waitFor();
    await tab('Manifest from docker-compose.yml').waitFor({ state: 'detached' });
    await tab('Report on docker-compose.yml').waitFor({ state: 'detached' });
    // Undo takes back what was typed, and never the file.
    await page.locator('.editor-instance .view-line').first().click();
    await page.keyboard.type('later');
    const typed = page.locator('.editor-instance .view-line', { hasText: 'later' });
    await typed.waitFor();
    for (let count = 0; count < 8; count += 1) await page.keyboard.press('Control+z');
    await typed.waitFor({ state: 'detached' });
    await tab('cloud_manifest.yml').waitFor();
    // Whether the editor has saved all of it by then is its own affair.
    assert.match(await file('cloud_manifest.yml'), /name: blog/);
  });

  step(
    'from the palette: a manifest that is there is compared, kept when asked to, and replaced so that undo brings it back',
    async () => {
      await runCommand(page, 'Minicloud: Import…');
      await pickRow(page, 'old/Procfile');
      const asked = notification(page, 'Procfile:');
      await asked.waitFor();
      await page.locator('.diff-editor, .monaco-diff-editor').first().waitFor();
      await takePictures(editor, 'import-3-compare');
      const dialog = page.locator('.monaco-dialog-box');
      await asked.getByRole('button', { name: 'Replace Manifest…', exact: true }).click();
      await dialog.getByText('Replace old/cloud_manifest.yml?', { exact: true }).waitFor();
      await takePicture(page, 'import-4-replace');
      await dialog.getByRole('button', { name: 'Cancel', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      assert.equal(await file('old/cloud_manifest.yml'), 'name: kept\nexpose:\n- port: 80\n');
      await takePictures(editor, 'import-3-compare');
      // The message is gone; the preview still has its button.
      await page.locator('.editor-actions [aria-label^="Create Imported Manifest"]').first().click();
      await dialog.getByRole('button', { name: 'Replace', exact: true }).click();
      await written('old/cloud_manifest.yml', /Made from Procfile/);
      await tab('Manifest from Procfile').waitFor({ state: 'detached' });
      await page.locator('.editor-instance .view-line').first().click();
      await page.keyboard.press('Control+z');
      await page.locator('.editor-instance .view-line', { hasText: 'kept' }).waitFor();
      assert.match(await editorText(page), /name: kept/);
    },
  );

  step('a file that can not be read is told in one sentence', async () => {
    await runCommand(page, 'Minicloud: Import…');
    await pickRow(page, 'broken/compose.yml');
    await notification(page, 'compose.yml can not be read at line 2').waitFor();
    await takePicture(page, 'import-5-broken');
  });

  step('a container from the clipboard', async () => {
    const inspected = await readFile(path.join(fixtures, 'container/inspect.json'), 'utf8');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.evaluate(
      (text) =>
        (
          globalThis as unknown as { navigator: { clipboard: { writeText(text: string): Promise<void> } } }
        ).navigator.clipboard.writeText(text),
      inspected,
    );
    await runCommand(page, 'Minicloud: Import…');
    await pickRow(page, 'Container from the Clipboard');
    const asked = notification(page, 'the clipboard:');
    await asked.waitFor();
    await tab('Manifest from the clipboard').or(tab('cloud_manifest.yml ↔ Import')).first().waitFor();
    await asked.getByRole('button', { name: 'Discard', exact: true }).click();
    await tab('Report on the clipboard').waitFor({ state: 'detached' });
    assert.match(await file('cloud_manifest.yml'), /name: blog/, 'discarding writes nothing');
  });
});
