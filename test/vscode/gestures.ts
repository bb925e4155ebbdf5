/** What the walk through the sidebar does again and again, beyond what every walk does. */
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { isOffered, treeRow } from './workbench.ts';

/** Runs in the page. */
export function readClipboard(): Promise<string> {
  return (navigator as unknown as { clipboard: { readText(): Promise<string> } }).clipboard.readText();
}

/** Answers a question that stands before everything else. */
export async function press(page: Page, question: string, button: string): Promise<void> {
  const dialog = page.locator('.monaco-dialog-box', { hasText: question });
  await dialog.getByRole('button', { name: button, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** Selects a row and presses a key until what that opens is there: the editor hears of a selection a moment later. */
export async function pressOn(page: Page, row: Locator, key: string, opened: Locator): Promise<void> {
  for (let attempt = 0; attempt < 6; attempt += 1) {
    await row.click();
    await page.keyboard.press(key);
    const there = await opened.waitFor({ timeout: 5_000 }).then(
      () => true,
      () => false,
    );
    if (there) return;
  }
  assert.fail(`${key} opens nothing`);
}

/** Opens the fixes of what the cursor is at, and takes one: again when they were asked for before it was among them. */
export async function fixWith(page: Page, title: string, look: () => Promise<void> = async () => {}): Promise<void> {
  const fix = page.locator('.action-widget .monaco-list-row', { hasText: title });
  for (let attempt = 0; attempt < 6; attempt += 1) {
    await page.keyboard.press('Control+.');
    const there = await fix.waitFor({ timeout: 5_000 }).then(
      () => true,
      () => false,
    );
    if (there) {
      await look();
      await fix.click();
      return;
    }
    await page.keyboard.press('Escape');
  }
  assert.fail(`no fix called ${title}`);
}

/** Chooses from a row's menu, again when something closed it. */
export async function fromMenu(page: Page, row: Locator, item: string): Promise<void> {
  for (let attempt = 0; attempt < 6; attempt += 1) {
    await row.click({ button: 'right' });
    if (await chooseItem(page, item)) return;
    await page.keyboard.press('Escape');
  }
  assert.fail(`no menu with ${item}`);
}

/** An item of the open menu by its whole label; its key, where it has one, stands beside that. */
export function menuItem(page: Page, label: string): Locator {
  return page.getByRole('menuitem').filter({ has: page.locator('.action-label').getByText(label, { exact: true }) });
}

/** Clicks an item of the open menu until the menu is gone; false when it never had the item. */
export async function chooseItem(page: Page, item: string): Promise<boolean> {
  const entry = menuItem(page, item);
  // A menu takes no click in its first moment, lest the one that opened it counts: then it stays open.
  for (let click = 0; click < 3; click += 1) {
    const taken = entry.click({ timeout: 10_000 }).then(() => entry.waitFor({ state: 'detached', timeout: 3_000 }));
    const done = await taken.then(
      () => true,
      () => false,
    );
    if (done) return true;
  }
  return false;
}

/** Opens a row of the tree, or closes it: again when the tree was just being drawn anew. */
export async function unfold(page: Page, label: string, open = true): Promise<void> {
  const row = treeRow(page, label);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    if ((await row.getAttribute('aria-expanded')) === String(open)) return;
    await row.click();
    const done = row.and(page.locator(`[aria-expanded=${open}]`));
    await done.waitFor({ timeout: 3_000 }).catch(() => {});
  }
  assert.fail(`${label} does not ${open ? 'open' : 'close'}`);
}

/** As by hand: a link is one only after Control is held and the pointer moved over it. */
export async function followLink(page: Page, link: Locator): Promise<void> {
  const box = await link.boundingBox();
  assert.ok(box);
  await page.keyboard.down('Control');
  const active = page.locator('.editor-instance .detected-link-active');
  for (let step = 0; step < 200 && !(await active.isVisible()); step += 1) {
    await page.mouse.move(box.x + 10 + (step % 20), box.y + box.height / 2);
    await page.waitForTimeout(50);
  }
  await active.waitFor();
  await page.mouse.down();
  await page.mouse.up();
  await page.keyboard.up('Control');
}

/** Waits until the palette offers a command, or no longer does. */
export async function commandIs(page: Page, title: string, there: boolean): Promise<void> {
  for (let attempt = 0; attempt < 30; attempt += 1) {
    if ((await isOffered(page, title)) === there) return;
  }
  assert.fail(`${title} is ${there ? 'not ' : ''}there`);
}

/** A sidebar wide enough to read what stands beside the names. */
export async function widen(page: Page): Promise<void> {
  const box = await page.locator('.part.sidebar').boundingBox();
  assert.ok(box);
  const edge = box.x + box.width;
  await page.mouse.move(edge, 500);
  await page.mouse.down();
  await page.mouse.move(edge + 220, 500, { steps: 5 });
  await page.mouse.up();
  await page.mouse.move(900, 300);
}
