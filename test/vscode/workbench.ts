/** The workbench as a person uses it: by keyboard and by what is on the screen. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';

const screenshots = join(import.meta.dirname, 'screenshots');

/** Runs a command from the palette by its whole title. */
export async function runCommand(page: Page, title: string): Promise<void> {
  await page.keyboard.press('F1');
  const input = quickInput(page);
  await input.waitFor();
  await input.fill(`>${title}`);
  // The row with exactly this title, and not the first one: what matches best may be another for a moment.
  await page.locator('.quick-input-list .monaco-list-row').getByText(title, { exact: true }).first().click();
}

/** Types into the input that asks now, and confirms. `title` is part of what it asks. */
export async function answer(page: Page, title: string, text: string): Promise<void> {
  await page.locator('.quick-input-widget', { hasText: title }).waitFor();
  const input = quickInput(page);
  await input.fill(text);
  await input.press('Enter');
}

/** Chooses from the list that asks now. */
export async function pickRow(page: Page, text: string): Promise<void> {
  await page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first().click();
}

/** Opens a file of the workspace by its name. */
export async function openFile(page: Page, name: string): Promise<void> {
  await page.keyboard.press('Control+p');
  const input = quickInput(page);
  await input.waitFor();
  await input.fill(name);
  await page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.tab.active', { hasText: name }).waitFor();
  await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  await page.locator('.editor-instance .monaco-editor.focused').waitFor();
}

/** Text of the visible lines, with spaces as spaces. */
export async function editorText(page: Page): Promise<string> {
  const lines = await page.locator('.editor-instance .view-line').evaluateAll((all) =>
    all
      .map((line) => ({
        top: Number.parseFloat((line as unknown as { style: { top: string } }).style.top),
        text: line.textContent ?? '',
      }))
      .sort((a, b) => a.top - b.top)
      .map(({ text }) => text.replaceAll('\u00a0', ' ').replaceAll('\u200c', '')),
  );
  return lines.join('\n');
}

/** The row of the tree with exactly this label. Its description is not looked at: it may say the same words. */
export function treeRow(page: Page, label: string): Locator {
  const exact = page.locator('.label-name').getByText(label, { exact: true });
  return page.locator('.pane-body .monaco-list-row').filter({ has: exact });
}

/** The welcome view of a server without apps. */
export function noApps(page: Page): Locator {
  return page.locator('.welcome-view-content').getByText('No apps yet.', { exact: true });
}

export function notification(page: Page, text: string): Locator {
  return page.locator('.notification-toast', { hasText: text });
}

/** Keeps a picture for people to look at. */
export async function takePicture(page: Page, name: string): Promise<void> {
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`) });
}

function quickInput(page: Page): Locator {
  return page.locator('.quick-input-widget:visible .quick-input-box input');
}
