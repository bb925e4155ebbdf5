/** Config vars and secrets by hand: from the fix of a manifest, from a `.env` file, from the tree; and no value is seen. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { type MemoryCompanion, startMemoryCompanion } from '../harness/memory-companion.ts';
import { fixWith, press, pressOn, unfold, widen } from './gestures.ts';
import { openPackaged, type Packaged } from './packaged.ts';
import { takePictures, walkSteps } from './steps.ts';
import {
  activeTab,
  addServer,
  answer,
  editorText,
  forgetToasts,
  goTo,
  noApps,
  openFile,
  pickRow,
  runCommand,
  takePicture,
  toasts,
  told,
  treeRow,
} from './workbench.ts';

const manifest = `name: shop
image: docker.io/library/nginx:1.29
expose:
- proto: http
  port: 80
secrets:
- STRIPE_KEY
env:
  ADMIN_PASSWORD: planted-moved-1e6
`;
const planted = {
  moved: 'planted-moved-1e6',
  typed: 'planted-typed-9f2',
  file: 'planted-file-8a1',
  level: 'planted-level-3c7',
  later: 'planted-later-5d4',
};
const envFile = `# of this machine
STRIPE_KEY=${planted.file}
LOG_LEVEL=${planted.level}
SESSION_SECRET="${planted.file}
second line"
PORT=3000
`;
const all = Object.values(planted);

describe('config vars and secrets', () => {
  let folder: string;
  let companion: MemoryCompanion;
  let editor: Packaged;
  let page: Page;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'minicloud-config-'));
    await writeFile(join(folder, 'cloud_manifest.yml'), manifest);
    await writeFile(join(folder, '.env'), envFile);
    companion = await startMemoryCompanion();
    editor = await openPackaged(folder, { theme: 'light', width: 1500, height: 950 });
    ({ page } = editor);
  });
  after(async () => {
    await editor?.close();
    await companion?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const step = walkSteps(() => editor);
  const set = async (): Promise<string[]> =>
    (await companion.client.config.list.query({ app: 'shop' })).entries.map(({ name, kind }) => `${kind} ${name}`);
  const input = (): Locator => page.locator('.quick-input-widget:visible .quick-input-box input');
  const listed = (name: string): Locator =>
    page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row', { hasText: name });
  /** Nothing on the screen, in a message or in the log of the server. `.env` itself is not open. */
  const unseen = async (): Promise<void> => {
    const places = [JSON.stringify(await toasts(page)), companion.log.join('\n')];
    const shown = await page.content();
    for (const value of all) {
      // The outline of the file told what stood in the file, and is not drawn anew while it is hidden.
      for (const place of value === planted.moved ? places : [...places, shown]) {
        const at = place.indexOf(value);
        assert.equal(at, -1, `${value} is seen: ${place.slice(Math.max(0, at - 300), at + 100)}`);
      }
    }
  };

  step('a value that stands in the manifest moves to the server, and its name to the secrets', async () => {
    await page.locator('.activitybar a[aria-label^="Minicloud"]').click();
    await addServer(page, companion.url, companion.admin);
    await noApps(page).waitFor();
    await openFile(page, 'cloud_manifest.yml');
    await page.locator('.squiggly-error').first().waitFor();
    await page.locator('.squiggly-warning').first().waitFor();
    await goTo(page, 9, 5);
    await fixWith(page, 'Move ADMIN_PASSWORD to the secrets, and its value to localhost', () =>
      takePicture(page, 'config-0-move'),
    );
    await told(page, 'ADMIN_PASSWORD has its value on localhost, and the file only its name.');
    await page.locator('.squiggly-warning').first().waitFor({ state: 'detached' });
    assert.equal((await editorText(page)).trimEnd(), manifest.replace(/env:[\s\S]*/, '- ADMIN_PASSWORD'));
    const same = { name: 'ADMIN_PASSWORD', kind: 'secret' as const, value: planted.moved };
    const { names } = await companion.client.config.preview.mutate({ app: 'shop', set: [same] });
    assert.deepEqual(names, [{ name: same.name, kind: same.kind, change: 'same' }]);
    await page.keyboard.press('Control+s');
    await unseen();
  });

  step('the manifest says which secret has no value, and its fix asks for it', async () => {
    await goTo(page, 7, 4);
    await fixWith(page, 'Set the secret STRIPE_KEY on localhost…', () => takePicture(page, 'config-1-fix'));
    await page.locator('.quick-input-widget', { hasText: 'Value of STRIPE_KEY of shop on localhost' }).waitFor();
    assert.equal(await input().getAttribute('type'), 'password');
    await input().fill(planted.typed);
    await takePicture(page, 'config-1-value');
    await input().press('Enter');
    await told(page, 'STRIPE_KEY of shop is set on localhost. The app gets it with its first deploy.');
    await page.locator('.squiggly-error').first().waitFor({ state: 'detached' });
    assert.deepEqual(await set(), ['secret ADMIN_PASSWORD', 'secret STRIPE_KEY']);
    await unseen();
  });

  step('it stands in the tree before the app is deployed, and is deployed with it', async () => {
    await unfold(page, 'shop');
    await unfold(page, 'Config Vars and Secrets');
    await treeRow(page, 'STRIPE_KEY')
      .getByText(/^secret · set just now by /)
      .waitFor();
    await runCommand(page, 'Minicloud: Deploy Manifest');
    await told(page, 'release 1 is live');
    await widen(page);
  });

  step('a .env file is looked at before anything is set, and only what is checked is', async () => {
    await forgetToasts(page);
    await runCommand(page, 'Minicloud: Import .env…');
    await pickRow(page, '.env');
    await told(page, 'Not taken over from .env: PORT: Minicloud sets it itself.');
    await listed('STRIPE_KEY').getByText('secret · changed').waitFor();
    await listed('LOG_LEVEL').getByText('config var · new').waitFor();
    await listed('SESSION_SECRET').getByText('secret · new').waitFor();
    await takePictures(editor, 'config-2-import');
    // As a config var, and back.
    await listed('SESSION_SECRET').hover();
    await listed('SESSION_SECRET').locator('[aria-label="Make It a Config Var"]').click();
    await listed('SESSION_SECRET').getByText('config var · new').waitFor();
    await listed('SESSION_SECRET').hover();
    await listed('SESSION_SECRET').locator('[aria-label="Make It a Secret"]').click();
    await listed('SESSION_SECRET').getByText('secret · new').waitFor();
    await listed('STRIPE_KEY').click();
    await page.locator('.quick-input-count', { hasText: '2 Selected' }).waitFor();
    await unseen();
    assert.deepEqual(await set(), ['secret ADMIN_PASSWORD', 'secret STRIPE_KEY']);
    await input().press('Enter');
    await pickRow(page, 'Set and Deploy');
    await told(page, 'release 2 is live');
    assert.deepEqual(await set(), [
      'secret ADMIN_PASSWORD',
      'config LOG_LEVEL',
      'secret SESSION_SECRET',
      'secret STRIPE_KEY',
    ]);
    const kept = await companion.client.config.preview.mutate({
      app: 'shop',
      set: [
        { name: 'STRIPE_KEY', kind: 'secret', value: planted.typed },
        { name: 'SESSION_SECRET', kind: 'secret', value: `${planted.file}\nsecond line` },
      ],
    });
    assert.deepEqual(
      kept.names.map(({ change }) => change),
      ['same', 'same'],
    );
    await treeRow(page, 'LOG_LEVEL').waitFor();
    // No process is given it: the manifest does not list it.
    await treeRow(page, 'SESSION_SECRET').getByText('secret · not used by the release that serves').waitFor();
    await takePictures(editor, 'config-3-tree');
    await unseen();
  });

  step('a new value from its row is only stored, and the plan names it', async () => {
    await treeRow(page, 'LOG_LEVEL').hover();
    await treeRow(page, 'LOG_LEVEL').getByRole('button', { name: 'Set Config Var…' }).click();
    await answer(page, 'New Value of LOG_LEVEL of shop on localhost', planted.later);
    await page.locator('.quick-input-widget', { hasText: 'Set LOG_LEVEL of shop' }).waitFor();
    await takePicture(page, 'config-4-choice');
    await pickRow(page, 'Only Store');
    await told(page, 'What runs keeps what it has until the next deploy.');
    await treeRow(page, 'LOG_LEVEL').getByText('config var · not used by the release that serves').waitFor();
    await runCommand(page, 'Minicloud: Plan Manifest');
    await activeTab(page, 'Plan of shop').waitFor();
    await page.locator('.editor-instance .view-line', { hasText: 'config LOG_LEVEL' }).waitFor();
    assert.match(await editorText(page), /^ +~ +config LOG_LEVEL +no interruption/m);
    await takePictures(editor, 'config-5-plan');
    await unseen();
    await runCommand(page, 'View: Close All Editors');
  });

  step('several are unset by the key after one question, and what the release needs is kept', async () => {
    const dialog = page.locator('.monaco-dialog-box', { hasText: 'Unset STRIPE_KEY of shop?' });
    await pressOn(page, treeRow(page, 'STRIPE_KEY'), 'Delete', dialog);
    await press(page, 'Unset STRIPE_KEY of shop?', 'Unset and Deploy');
    await told(page, 'The secret is in use (STRIPE_KEY of shop)');
    await treeRow(page, 'LOG_LEVEL').click();
    await treeRow(page, 'SESSION_SECRET').click({ modifiers: ['Control'] });
    await page.keyboard.press('Delete');
    const both = 'Unset LOG_LEVEL, SESSION_SECRET of shop?';
    await page.locator('.monaco-dialog-box', { hasText: both }).waitFor();
    await takePicture(page, 'config-6-unset');
    await press(page, both, 'Unset and Deploy');
    await told(page, 'release 3 is live');
    for (const name of ['LOG_LEVEL', 'SESSION_SECRET']) await treeRow(page, name).waitFor({ state: 'detached' });
    assert.deepEqual(await set(), ['secret ADMIN_PASSWORD', 'secret STRIPE_KEY']);
    await takePicture(page, 'config-7-end');
    await unseen();
  });
});
