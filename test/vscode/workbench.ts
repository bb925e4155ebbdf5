/** The workbench as a person uses it: by keyboard and by what is on the screen. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';

const screenshots = join(import.meta.dirname, 'screenshots');

/** Runs a command from the palette by its whole title. */
export async function runCommand(page: Page, title: string): Promise<void> {
  await askQuickInput(page, 'F1', `>${title}`, () => paletteRow(page, title).click({ timeout: attemptMs }));
}

/** Whether the palette offers a command by its whole title, and does so within a second. */
export async function isOffered(page: Page, title: string): Promise<boolean> {
  let offered = false;
  await askQuickInput(page, 'F1', `>${title}`, async () => {
    const shown = paletteRow(page, title).waitFor({ timeout: 1_000 });
    offered = await shown.then(
      () => true,
      () => false,
    );
    await page.keyboard.press('Escape');
  });
  return offered;
}

/** Types into the input that asks now, and confirms. `title` is part of what it asks. */
export async function answer(page: Page, title: string, text: string): Promise<void> {
  await page.locator(openInput).getByText(title).first().waitFor();
  const input = quickInput(page);
  await input.fill(text);
  await input.press('Enter');
}

/** Adds a server whose address and token are right. */
export async function addServer(page: Page, url: string, token: string): Promise<void> {
  await runCommand(page, 'Minicloud: Add Server…');
  await answer(page, 'Add Server (1/2)', url);
  await answer(page, 'Token for', token);
}

/** Chooses from the list that asks now: the row with exactly this label, or one that holds it when none has. */
export async function pickRow(page: Page, text: string): Promise<void> {
  const rows = page.locator(`${openInput} .quick-input-list .monaco-list-row`);
  const holding = rows.filter({ hasText: text });
  await holding.first().waitFor();
  const exact = rows.filter({ has: page.locator('.label-name').getByText(text, { exact: true }) });
  await ((await exact.count()) > 0 ? exact : holding).first().click();
}

/** Opens a file of the workspace by its path, and has the cursor in it. */
export async function openFile(page: Page, path: string): Promise<void> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const folder = path.slice(0, -name.length - 1);
  const named = page
    .locator(`${openInput} .quick-input-list .monaco-list-row`)
    .filter({ has: page.locator('.label-name').getByText(name, { exact: true }) });
  // What was opened before is offered before what is searched for is found.
  const there = page.locator('.label-description').getByText(folder, { exact: true });
  const row = (folder ? named.filter({ has: there }) : named).first();
  await askQuickInput(page, 'Control+p', path, () => row.click({ timeout: attemptMs }));
  await activeTab(page, name).waitFor();
  await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  await page.locator('.editor-instance .monaco-editor.focused').first().waitFor();
}

/** Puts the cursor of the active editor somewhere; line and column from 1. */
export async function goTo(page: Page, line: number, column: number): Promise<void> {
  await askQuickInput(page, 'Control+g', `:${line}:${column}`, (input) => input.press('Enter'));
  await page.locator('.part.statusbar').getByText(`Ln ${line}, Col ${column}`, { exact: true }).waitFor();
}

/** The tab that is in front, by its label. */
export function activeTab(page: Page, label: string): Locator {
  return page.locator(`.tab.active[data-resource-name=${JSON.stringify(label)}]`);
}

/** Opens a step of the walkthrough that is shown, and presses a button of it. */
export async function pressStep(page: Page, step: string, button: string): Promise<void> {
  const shown = walkthroughStep(page, step);
  await shown.click();
  await shown.getByRole('button', { name: button, exact: true }).click();
}

/** A step of the walkthrough that is shown, by its title. */
export function walkthroughStep(page: Page, title: string): Locator {
  const exact = page.locator('.step-title').getByText(title, { exact: true });
  return page.locator('.getting-started-step').filter({ has: exact });
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

/** A message that is on the screen now. Messages go away by themselves: `told` and `pressNotice` wait for no moment. */
export function notification(page: Page, text: string): Locator {
  return page.locator('.notification-toast', { hasText: text });
}

/** Every message since the window was opened or `forgetToasts` was called, with each of its texts in turn. */
export async function toasts(page: Page): Promise<string[][]> {
  return page.evaluate(() => (globalThis as unknown as { minicloudToasts: string[][] }).minicloudToasts);
}

export async function forgetToasts(page: Page): Promise<void> {
  await page.evaluate(() => (globalThis as unknown as { minicloudToasts: string[][] }).minicloudToasts.splice(0));
}

/** Waits until a message with this text was shown, be it there still or not. */
export async function told(page: Page, text: string, limitMs = 120_000): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      (globalThis as unknown as { minicloudToasts: string[][] }).minicloudToasts
        .flat()
        .some((each) => each.includes(wanted)),
    text,
    { timeout: limitMs },
  );
}

/** Presses a button of a message, wherever it is by now: on the screen or in the list of all messages. */
export async function pressNotice(page: Page, text: string, button: string): Promise<void> {
  await told(page, text);
  await runCommand(page, 'Notifications: Show Notifications');
  const center = page.locator('.notifications-center.visible');
  const notice = center.locator('.notification-list-item', { hasText: text }).first();
  await notice.getByRole('button', { name: button, exact: true }).click();
  await notice.waitFor({ state: 'detached' });
  // While the list is open, new messages come into it and not onto the screen. Empty, it closes by itself.
  const hide = center.locator('[aria-label^="Hide Notifications"]');
  while (await center.isVisible()) await hide.click({ timeout: 2_000 }).catch(() => {});
}

/** Presses *Open in Browser* of a message; the page that came of it. */
export async function openFromNotice(page: Page, text: string): Promise<Page> {
  const opened = page.waitForEvent('popup');
  // Awaited below; a failure before that is told by what failed.
  opened.catch(() => {});
  await pressNotice(page, text, 'Open in Browser');
  // The editor asks before it leaves for a site that it does not know.
  const dialog = page.locator('.monaco-dialog-box').getByRole('button', { name: 'Open', exact: true });
  await Promise.race([opened, dialog.waitFor().then(() => dialog.click())]);
  return opened;
}

/** Keeps a picture for people to look at. */
export async function takePicture(page: Page, name: string): Promise<void> {
  await mkdir(screenshots, { recursive: true });
  // What fades in is there.
  await page.screenshot({ path: join(screenshots, `${name}.png`), animations: 'disabled' });
}

/** The quick input that takes what is typed: one that fades away is still to be seen, and is inert. */
const openInput = '.quick-input-widget:visible:not([inert])';
const attemptMs = 10_000;

/**
 * Opens the quick input by a key, types, and confirms. Again when it went away in between, because the key was lost or
 * met one that was closing.
 */
async function askQuickInput(
  page: Page,
  key: string,
  text: string,
  confirm: (input: Locator) => Promise<void>,
): Promise<void> {
  const input = quickInput(page);
  let lost: unknown;
  for (let attempt = 0; attempt < 6; attempt += 1) {
    try {
      await page.keyboard.press(key);
      await input.fill(text, { timeout: attemptMs });
      await confirm(input);
      return;
    } catch (error) {
      lost = error;
      await page.keyboard.press('Escape');
      // A view of a web page that went away may have taken the keys with it.
      await page
        .locator('.part.statusbar')
        .click({ position: { x: 400, y: 8 }, timeout: attemptMs })
        .catch(() => {});
    }
  }
  throw lost;
}

/** The row with exactly this title, and not the first one: what matches best may be another for a moment. */
function paletteRow(page: Page, title: string): Locator {
  return page.locator(`${openInput} .quick-input-list .monaco-list-row`).getByText(title, { exact: true }).first();
}

function quickInput(page: Page): Locator {
  return page.locator(`${openInput} .quick-input-box input`);
}
