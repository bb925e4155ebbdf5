/** The sidebar as a person uses it, with real apps behind it: looking, filtering, reading, going inside, going back. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe } from 'node:test';
import { packageExtension } from 'minicloud/package.ts';
import type { Locator, Page } from 'playwright-core';
import { type Lab, requireEnv, startLab } from '../harness/companion.ts';
import { openWorkbench, startVscode, type Vscode, type Workbench } from '../harness/vscode.ts';
import { takePictures, themes, type Walk, walkSteps } from './steps.ts';
import { answer, editorText, notification, pickRow, runCommand, takePicture, treeRow } from './workbench.ts';

const sampleManifest = path.resolve(import.meta.dirname, '../../server/images/sample/cloud_manifest.yml');
const echo = (more = ''): string =>
  `name: echo\nimage: minicloud-test/app:1\nprocesses:\n  web: { command: testapp, count: 2 }\nexpose:\n- port: 8080\n${more}`;

describe('the sidebar', () => {
  let folder: string;
  let packed: string;
  let lab: Lab;
  let vscode: Vscode;
  let workbench: Workbench;
  let page: Page;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sidebar-'));
    packed = await mkdtemp(path.join(tmpdir(), 'minicloud-packed-'));
    await mkdir(path.join(folder, 'src'));
    await writeFile(path.join(folder, 'src/server.js'), 'one\ntwo\nthree\n');
    lab = await startLab();
    const sample = await readFile(sampleManifest, 'utf8');
    const image = `name: sample\nimage: ${requireEnv('MINICLOUD_TEST_SAMPLE_IMAGE')}`;
    const manifest = sample.replace('name: sample', image);
    await succeeded(lab, manifest);
    await succeeded(lab, `${manifest}env: { GREETING: hello }\n`);
    await succeeded(lab, echo());
    vscode = await startVscode({
      vsix: [await packageExtension(packed)],
      settings: { 'workbench.colorTheme': themes.light },
    });
    workbench = await openWorkbench(vscode, { folder, width: 1400, height: 900 });
    ({ page } = workbench);
    page.setDefaultTimeout(30_000);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  });
  after(async () => {
    await workbench?.close();
    await vscode?.stop();
    await lab?.remove();
    for (const each of [folder, packed]) await rm(each, { recursive: true, force: true });
  });

  const walk = (): Walk => ({ page, vscode });
  const step = walkSteps(walk);

  step('an app shows all that belongs to it, as the server tells it', async () => {
    await page.locator('.activitybar a[aria-label^="Minicloud"]').click();
    await runCommand(page, 'Minicloud: Add Server…');
    await answer(page, 'Add Server (1/2)', lab.ready.apiUrl);
    await answer(page, 'Token for', lab.ready.token);
    await treeRow(page, 'sample').click();
    for (const group of ['Processes', 'Routes and Domains', 'Releases', 'Services', 'Volumes', 'Activity'])
      await treeRow(page, group).waitFor();
    await treeRow(page, 'web')
      .getByText(/healthy · .*MB/)
      .waitFor();
    for (const group of ['Routes and Domains', 'Services', 'Volumes', 'Activity']) await treeRow(page, group).click();
    await treeRow(page, `sample.localhost:${lab.httpsPort}`)
      .getByText(/local certificate, \d+ days left/)
      .waitFor();
    await treeRow(page, 'mariadb').waitFor();
    await treeRow(page, 'Deploy of release 2')
      .getByText(/^succeeded · /)
      .waitFor();
    await widen(page);
    await takePictures(walk(), 'side-1-tree');
  });

  step('pointing at an app tells digest, last deploy and what it uses', async () => {
    const hover = page.locator('.workbench-hover');
    await takePictures(walk(), 'side-2-tooltip', async () => {
      await page.mouse.move(900, 300);
      await treeRow(page, 'sample').locator('.label-name').hover();
      // Spaces of text in Markdown are no-break spaces.
      await hover.getByText(/Digest\ssha256:/).waitFor();
      await hover.getByText(/Release\s2:\sdeploy,\sby\s/).waitFor();
      await hover.getByText(/web:\smemory\s.*highest/).waitFor();
    });
    await page.mouse.move(900, 300);
  });

  step('a filter shows what matches, says so, is kept, and is cleared', async () => {
    await runCommand(page, 'Minicloud: Filter Apps…');
    await answer(page, 'Filter Apps', 'echo running');
    await treeRow(page, 'sample').waitFor({ state: 'detached' });
    await treeRow(page, 'echo').waitFor();
    await page.getByText('1 of 2 apps match “echo running”', { exact: true }).waitFor();
    await takePicture(page, 'side-3-filter');
    await runCommand(page, 'Minicloud: Filter Apps…');
    await answer(page, 'Filter Apps', 'nothing like it');
    await page.locator('.welcome-view-content').getByText('No app matches the filter.', { exact: true }).waitFor();
    await takePicture(page, 'side-3-nothing');
    await page.locator('.welcome-view-content').getByRole('button', { name: 'Clear Filter', exact: true }).click();
    await treeRow(page, 'sample').waitFor();
  });

  step('logs follow an app over a redeploy, and a stack trace leads to the file', async () => {
    await lab.get('echo.localhost', `/log?text=${encodeURIComponent('before the deploy')}`);
    await runCommand(page, 'Minicloud: Show Logs');
    await pickRow(page, 'echo');
    const panel = page.locator('.part.panel');
    await panel
      .getByText(/before the deploy/)
      .first()
      .waitFor();
    await succeeded(lab, echo('env: { COLOUR: blue }\n'));
    await lab.get('echo.localhost', `/log?text=${encodeURIComponent('TypeError: no')}`);
    await lab.get('echo.localhost', `/log?text=${encodeURIComponent('    at run (/app/src/server.js:2:1)')}`);
    await panel.getByText(/──────── release 2 ────────/).waitFor();
    await panel.getByText(/at run/).waitFor();
    await takePicture(page, 'side-4-logs');
    await runCommand(page, 'Minicloud: Stop Following Logs');
    await panel.getByText(/No longer following/).waitFor();
    await runCommand(page, 'View: Hide Panel');
    await runCommand(page, 'Minicloud: Show Log History');
    await pickRow(page, 'echo');
    await page.locator('.tab.active', { hasText: 'echo.log' }).waitFor();
    await page.locator('.editor-instance .detected-link', { hasText: 'server.js:2:1' }).waitFor();
    await takePictures(walk(), 'side-4-history');
    await page
      .locator('.editor-instance .detected-link', { hasText: 'server.js:2:1' })
      .click({ modifiers: ['Control'] });
    await page.locator('.tab.active', { hasText: 'server.js' }).waitFor();
    await page
      .locator('.part.statusbar')
      .getByText(/Ln 2, Col 1/)
      .waitFor();
    await runCommand(page, 'Minicloud: Search Logs…');
    await pickRow(page, 'echo');
    await answer(page, 'Search the logs of echo', 'typeerror');
    await page.locator('.tab.active', { hasText: 'echo search.log' }).waitFor();
    assert.match(await editorText(page), /^1 of \d+ lines have typeerror$/m);
    await runCommand(page, 'View: Close All Editors');
  });

  step('a terminal opens in a replica, and tells the exit code', async () => {
    await runCommand(page, 'Minicloud: Open Terminal');
    await pickRow(page, 'echo');
    await pickRow(page, 'web.2');
    const terminal = page.locator('.part.panel .terminal-wrapper.active');
    await terminal.click();
    await page.waitForTimeout(1000);
    await page.keyboard.type('echo mini$((40+2)); tput cols; exit 7\n');
    await seen(terminal, 'mini42');
    await seen(terminal, 'Ended with exit code 7.');
    await takePicture(page, 'side-5-terminal');
    await page.keyboard.press('Enter');
    await terminal.waitFor({ state: 'detached' });
  });

  step('a port of the app is reached from this machine until it is stopped', async () => {
    await runCommand(page, 'Minicloud: Forward Port…');
    await pickRow(page, 'echo');
    await pickRow(page, 'web:8080');
    await notification(page, 'leads to web:8080 of echo.').waitFor();
    const told = (await notification(page, 'leads to web:8080 of echo.').textContent()) ?? '';
    const address = /127\.0\.0\.1:\d+/.exec(told)?.[0];
    assert.ok(address, told);
    const answered = (await (await fetch(`http://${address}/hello`)).json()) as { path: string };
    assert.equal(answered.path, '/hello');
    await treeRow(page, 'echo').click();
    await treeRow(page, address).waitFor();
    await takePicture(page, 'side-6-forward');
    await notification(page, 'leads to web:8080 of echo.').getByRole('button', { name: 'Stop', exact: true }).click();
    await treeRow(page, address).waitFor({ state: 'detached' });
    await assert.rejects(fetch(`http://${address}/hello`));
    await treeRow(page, 'echo').click();
  });

  step('the URL of a database is copied after a question, and nothing shows it', async () => {
    await runCommand(page, 'Minicloud: Copy Database URL…');
    await pickRow(page, 'sample');
    const dialog = page.locator('.monaco-dialog-box', { hasText: 'Copy DATABASE_URL of sample?' });
    await dialog.waitFor();
    await takePicture(page, 'side-7-url');
    await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByText('DATABASE_URL is on the clipboard').waitFor();
    await runCommand(page, 'File: New Untitled Text File');
    await page.locator('.editor-instance .monaco-editor.focused').waitFor();
    await page.keyboard.press('Control+v');
    await page.locator('.editor-instance .view-line', { hasText: 'mysql://' }).waitFor();
    assert.match(await editorText(page), /^mysql:\/\/[^:]+:[^@]+@127\.0\.0\.1:\d+\/\w+/);
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await runCommand(page, 'View: Close All Editors');
    await runCommand(page, 'Minicloud: Stop Port Forward');
    await pickRow(page, '127.0.0.1');
    await page.keyboard.press('Enter');
  });

  step('two selected releases are compared', async () => {
    await treeRow(page, 'Release 1').first().click();
    await treeRow(page, 'Release 2')
      .first()
      .click({ modifiers: ['Control'] });
    await treeRow(page, 'Release 2').first().click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Compare Releases…' }).click();
    await page.locator('.tab.active', { hasText: 'sample: release 1 ↔ release 2' }).waitFor();
    await page.locator('.monaco-diff-editor .view-line', { hasText: 'GREETING' }).first().waitFor();
    await takePictures(walk(), 'side-8-compare');
    await runCommand(page, 'View: Close All Editors');
  });

  step('an earlier release serves again from its row', async () => {
    await treeRow(page, 'Release 1').first().hover();
    await treeRow(page, 'Release 1').first().getByRole('button', { name: 'Roll Back App…' }).click();
    const dialog = page.locator('.monaco-dialog-box', { hasText: 'Roll sample back to release 1?' });
    await dialog.getByRole('button', { name: 'Roll Back', exact: true }).click();
    await treeRow(page, 'Release 3')
      .getByText(/^current · /)
      .waitFor({ timeout: 120_000 });
    await treeRow(page, 'Rollback, release 3')
      .getByText(/^succeeded · /)
      .waitFor();
    await page.keyboard.press('Escape');
  });

  step('metrics are curves and tables, live while they are seen', async () => {
    for (let round = 0; round < 40; round += 1) await lab.get('echo.localhost', '/');
    await runCommand(page, 'Minicloud: Show Metrics');
    await pickRow(page, 'echo');
    const frame = page.frameLocator('iframe.webview.ready').frameLocator('#active-frame');
    await frame.getByRole('heading', { name: /^Process web/ }).waitFor();
    await frame
      .getByRole('img', { name: /^Memory\. in use: \d.* MB, max/ })
      .first()
      .waitFor();
    await frame.getByRole('heading', { name: /^Route echo\.localhost/ }).waitFor();
    await frame.getByText('As a table').first().click();
    await frame.getByRole('columnheader', { name: 'CPU' }).waitFor();
    await frame.getByLabel('Over the last').selectOption({ label: '15 minutes' });
    // Enough values for a curve.
    await page.waitForTimeout(20_000);
    await frame.getByRole('columnheader', { name: 'CPU' }).waitFor();
    await takePictures(walk(), 'side-9-metrics');
    await runCommand(page, 'View: Close All Editors');
  });

  step('a proposal waits in the tree, opens as a plan, and is discarded', async () => {
    await lab.client.proposals.create.mutate({
      manifest: echo('env: { COLOUR: red }\n'),
      reason: 'Red is warmer.\n[click](command:workbench.action.quit)',
    });
    const row = page.locator('.monaco-list-row', { hasText: /Proposed by .*: Plan of echo/ });
    await row.click();
    await page.locator('.tab.active', { hasText: 'Plan of echo' }).waitFor();
    await page.getByText(/Proposed by .*: Red is warmer\./).waitFor();
    await takePictures(walk(), 'side-10-proposal');
    await page.locator('.editor-actions [aria-label^="Discard Plan"]').click();
    await row.waitFor({ state: 'detached' });
  });

  step('an app that fails is counted on the icon', async () => {
    await lab.deploy('name: broken\nimage: minicloud-test/app:1\nprocesses: { web: { command: testapp exit 3 } }\n');
    await treeRow(page, 'broken')
      .getByText(/^failed/)
      .waitFor({ timeout: 60_000 });
    await page.locator('.activitybar a[aria-label*="1 app is failing"], .activitybar .badge-content').first().waitFor();
    await takePictures(walk(), 'side-11-failing');
  });
});

async function succeeded(lab: Lab, manifest: string): Promise<void> {
  const { state, problem } = await lab.deploy(manifest);
  assert.equal(state, 'succeeded', JSON.stringify(problem));
}

/** A sidebar wide enough to read what stands beside the names. */
async function widen(page: Page): Promise<void> {
  const box = await page.locator('.part.sidebar').boundingBox();
  assert.ok(box);
  const edge = box.x + box.width;
  await page.mouse.move(edge, 500);
  await page.mouse.down();
  await page.mouse.move(edge + 220, 500, { steps: 5 });
  await page.mouse.up();
}

/** Text of a terminal's screen: its rows hold spaces as they are drawn. */
async function seen(terminal: Locator, text: string): Promise<void> {
  await terminal.locator('.xterm-rows > div', { hasText: text }).first().waitFor();
}
