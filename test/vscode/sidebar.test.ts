/** The sidebar as a person uses it, with real apps behind it: looking, filtering, reading, going inside, going back. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { type Lab, requireEnv, startLab } from '../harness/companion.ts';
import { commandIs, followLink, fromMenu, menuItem, press, pressOn, readClipboard, unfold, widen } from './gestures.ts';
import { openPackaged, type Packaged } from './packaged.ts';
import { takePictures, themes, type Walk, walkSteps } from './steps.ts';
import { activeTab, answer, editorText, pickRow, runCommand, takePicture, told, treeRow } from './workbench.ts';

const sampleManifest = path.resolve(import.meta.dirname, '../../server/images/sample/cloud_manifest.yml');
const echo = (more = ''): string =>
  `name: echo\nimage: minicloud-test/app:1\nprocesses:\n  web: { command: testapp, count: 2 }\nexpose:\n- port: 8080\n${more}`;

/** Two routes to one process, and a process without a route. */
const other = `name: other
image: minicloud-test/app:1
processes:
  web: { command: testapp }
  worker: { command: testapp }
expose:
- port: 8080
- { port: 8080, path: /sleep, domains: [other.localhost] }
`;

describe('the sidebar', () => {
  let folder: string;
  let lab: Lab;
  let editor: Packaged;
  let page: Page;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sidebar-'));
    await mkdir(path.join(folder, 'src'));
    await writeFile(path.join(folder, 'src/server.js'), 'one\ntwo\nthree\n');
    // Both take long, and neither needs the other.
    await Promise.all([startApps(), startEditor()]);
    ({ page } = editor);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  });
  const startApps = async (): Promise<void> => {
    lab = await startLab();
    const sample = await readFile(sampleManifest, 'utf8');
    const image = `name: sample\nimage: ${requireEnv('MINICLOUD_TEST_SAMPLE_IMAGE')}`;
    const manifest = sample.replace('name: sample', image);
    await Promise.all([
      succeeded(lab, manifest).then(() => succeeded(lab, `${manifest}env: { GREETING: hello }\n`)),
      succeeded(lab, echo()),
      succeeded(lab, other),
    ]);
  };
  const startEditor = async (): Promise<void> => {
    editor = await openPackaged(folder, { theme: 'light', patienceMs: 90_000, width: 1400, height: 900 });
  };
  after(async () => {
    await editor?.close();
    await lab?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const walk = (): Walk => editor;
  const step = walkSteps(walk);

  step('an app shows all that belongs to it, as the server tells it', async () => {
    await page.locator('.activitybar a[aria-label^="Minicloud"]').click();
    await runCommand(page, 'Minicloud: Add Server…');
    await answer(page, 'Add Server (1/2)', lab.ready.apiUrl);
    await answer(page, 'Token for', lab.ready.token);
    await unfold(page, 'sample');
    for (const group of ['Processes', 'Routes and Domains', 'Releases', 'Services', 'Volumes', 'Activity'])
      await treeRow(page, group).waitFor();
    await treeRow(page, 'web')
      .getByText(/healthy · .*MB/)
      .waitFor();
    for (const group of ['Routes and Domains', 'Services', 'Volumes', 'Activity']) await unfold(page, group);
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
    await page.getByText('1 of 3 apps match “echo running”', { exact: true }).waitFor();
    await takePicture(page, 'side-3-filter');
    await runCommand(page, 'Minicloud: Filter Apps…');
    await answer(page, 'Filter Apps', 'nothing like it');
    await page.locator('.welcome-view-content').getByText('No app matches the filter.', { exact: true }).waitFor();
    await takePicture(page, 'side-3-nothing');
    await page.locator('.welcome-view-content').getByRole('button', { name: 'Clear Filter', exact: true }).click();
    await treeRow(page, 'sample').waitFor();
  });

  step('logs follow an app over a redeploy, and a stack trace leads to the file', async () => {
    const log = (text: string) => lab.get('echo.localhost', `/log?text=${encodeURIComponent(text)}`);
    await log('before the deploy');
    await runCommand(page, 'Minicloud: Show Logs');
    await pickRow(page, 'echo');
    // Spaces are no-break spaces there, which words see as spaces and an expression does not.
    const logged = (text: string): Locator => page.locator('.part.panel .view-line', { hasText: text }).first();
    await logged('before the deploy').waitFor();
    await succeeded(lab, echo('env: { COLOUR: blue }\n'));
    await log('TypeError: no\n    at run (/app/src/server.js:2:1)');
    await logged('──────── release 2 ────────').waitFor();
    await logged('at run (/app/src/server.js:2:1)').waitFor();
    await takePictures(walk(), 'side-4-logs');
    await runCommand(page, 'Minicloud: Stop Following Logs');
    await logged('No longer following').waitFor();
    await runCommand(page, 'View: Hide Panel');
    await runCommand(page, 'Minicloud: Show Log History');
    await pickRow(page, 'echo');
    await activeTab(page, 'echo.log').waitFor();
    const link = page.locator('.editor-instance .detected-link', { hasText: 'server.js:2:1' });
    await link.waitFor();
    await takePicture(page, 'side-4-history');
    await followLink(page, link);
    await activeTab(page, 'server.js').waitFor();
    await page.locator('.part.statusbar').getByText('Ln 2, Col 1', { exact: true }).waitFor();
    await runCommand(page, 'Minicloud: Search Logs…');
    await pickRow(page, 'echo');
    await answer(page, 'Search the logs of echo', 'typeerror');
    await activeTab(page, 'echo search.log').waitFor();
    await page.locator('.editor-instance .view-line', { hasText: 'lines have typeerror' }).waitFor();
    assert.match(await editorText(page), /^1 of \d+ lines have typeerror$/m);
    await runCommand(page, 'View: Close All Editors');
  });

  step('a terminal opens in a replica, and tells the exit code', async () => {
    await runCommand(page, 'Minicloud: Open Terminal');
    await pickRow(page, 'echo');
    await pickRow(page, 'web.2');
    const terminal = page.locator('.part.panel .terminal-wrapper.active');
    const row = (text: string | RegExp): Locator =>
      terminal.locator('.xterm-rows > div').filter({ hasText: text }).first();
    await row(/#\s*$/).waitFor();
    await terminal.click();
    await page.keyboard.type('echo mini$((40+2)); tput cols; exit 7\n');
    await row('mini42').waitFor();
    await row('Ended with exit code 7.').waitFor();
    await takePicture(page, 'side-5-terminal');
    await page.keyboard.press('Enter');
    await terminal.waitFor({ state: 'detached' });
  });

  step('a port of the app is reached from this machine until it is stopped', async () => {
    await runCommand(page, 'Minicloud: Forward Port…');
    await pickRow(page, 'echo');
    await pickRow(page, 'web:8080');
    await told(page, 'leads to web:8080 of echo.');
    await unfold(page, 'echo');
    const row = page.locator('.pane-body .monaco-list-row', { hasText: '→ web:8080' });
    const address = (await row.locator('.label-name').textContent()) ?? '';
    assert.match(address, /^127\.0\.0\.1:\d+$/);
    const answered = (await (await fetch(`http://${address}/hello`)).json()) as { path: string };
    assert.equal(answered.path, '/hello');
    await takePicture(page, 'side-6-forward');
    await row.hover();
    await row.getByRole('button', { name: 'Stop Port Forward' }).click();
    await row.waitFor({ state: 'detached' });
    await assert.rejects(fetch(`http://${address}/hello`));
    await unfold(page, 'echo', false);
  });

  step('the URL of a database is copied after a question, and nothing shows it', async () => {
    await runCommand(page, 'Minicloud: Copy Database URL…');
    await pickRow(page, 'sample');
    await takePicture(page, 'side-7-url');
    await press(page, 'Copy DATABASE_URL of sample?', 'Copy');
    await page.getByText('DATABASE_URL is on the clipboard').waitFor();
    const copied = await page.evaluate(readClipboard);
    assert.match(copied, /^mysql:\/\/[^:]+:[^@]+@127\.0\.0\.1:\d+\/\w+/);
    const password = new URL(copied).password;
    assert.ok(!(await page.content()).includes(password), 'the password is on the screen');
    assert.ok(!lab.log().includes(password), 'the password is in the log of the companion');
    await runCommand(page, 'Minicloud: Stop Port Forward');
    await pickRow(page, '127.0.0.1');
    await page.keyboard.press('Enter');
    await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  });

  step('two selected releases are compared', async () => {
    await unfold(page, 'sample');
    await treeRow(page, 'Release 1').click();
    await activeTab(page, 'sample release 1').waitFor();
    await treeRow(page, 'Release 2').click({ modifiers: ['Control'] });
    await fromMenu(page, treeRow(page, 'Release 2'), 'Compare Releases…');
    await page.locator('.tab.active', { hasText: 'sample: release 1 ↔ release 2' }).waitFor();
    await page.locator('.monaco-diff-editor .view-line', { hasText: 'GREETING' }).first().waitFor();
    await takePicture(page, 'side-8-compare');
    await runCommand(page, 'View: Close All Editors');
  });

  step('an earlier release serves again from its row', async () => {
    await treeRow(page, 'Release 1').hover();
    await treeRow(page, 'Release 1').getByRole('button', { name: 'Roll Back App…' }).click();
    await press(page, 'Roll sample back to release 1?', 'Roll Back');
    await treeRow(page, 'Release 3')
      .getByText(/^current · /)
      .waitFor({ timeout: 120_000 });
    await unfold(page, 'Activity');
    await treeRow(page, 'Rollback, release 3')
      .getByText(/^succeeded · /)
      .waitFor();
  });

  step('metrics are curves and tables, live while they are seen', async () => {
    const ask = async (path: string): Promise<void> => {
      for (let round = 0; round < 20; round += 1) await lab.get('other.localhost', path);
    };
    await ask('/');
    await ask('/sleep?ms=20');
    await runCommand(page, 'Notifications: Clear All Notifications');
    await runCommand(page, 'Minicloud: Show Metrics');
    await pickRow(page, 'other');
    const frame = page.frameLocator('iframe.webview.ready').frameLocator('#active-frame');
    const web = frame.getByRole('region', { name: 'Process web', exact: true });
    await web.getByRole('img', { name: /^Memory\. in use: \d.* MB, max/ }).waitFor();
    // A section for each process: what it answers over all its routes, then each of them.
    await web
      .locator(':scope > .charts')
      .getByRole('img', { name: /^Requests\. all: \d/ })
      .waitFor();
    for (const name of ['Route other.localhost', 'Route other.localhost/sleep']) {
      await web.getByRole('heading', { name, exact: true, level: 3 }).waitFor();
    }
    const worker = frame.getByRole('region', { name: 'Process worker', exact: true });
    await worker.getByRole('img', { name: /^CPU/ }).waitFor();
    assert.equal(await worker.getByRole('img').count(), 2, 'a process without a route has no curves of requests');
    await frame.getByText('As a table').first().click();
    for (const name of ['CPU', 'Requests all', 'Latency p99']) {
      await web.getByRole('columnheader', { name, exact: true }).waitFor();
    }
    await frame.getByLabel('Over the last').selectOption({ label: '15 minutes' });
    await frame.getByText('15 min ago').first().waitFor();
    // The table stays open when the page is drawn anew.
    await web.getByRole('columnheader', { name: 'CPU' }).waitFor();
    await takePictures(walk(), 'side-9-metrics');
    await frame.getByText('As a table').first().click();
    await worker.getByRole('img').last().scrollIntoViewIfNeeded();
    await takePictures(walk(), 'side-9-metrics-routes');
    await runCommand(page, 'View: Close All Editors');
  });

  step('a proposal waits in the tree, opens as a plan, and is discarded', async () => {
    await lab.client.proposals.create.mutate({
      manifest: echo('env: { COLOUR: red }\n'),
      reason: 'Red is warmer.\n[click](command:workbench.action.quit)',
    });
    const row = treeRow(page, 'Plan of echo');
    await row.getByText(/^proposed by local administrator · 1 change/).waitFor();
    await row.click();
    await page.locator('.tab.active', { hasText: 'Plan of echo' }).waitFor();
    const reason = 'Proposed by local administrator: Red is warmer. [click](command:';
    await page.locator('.editor-instance .view-line', { hasText: reason }).waitFor();
    await takePicture(page, 'side-10-proposal');
    await page.locator('.editor-actions [aria-label^="Discard Plan"]').click();
    await row.waitFor({ state: 'detached' });
  });

  step('an app that fails is counted on the icon', async () => {
    await lab.deploy('name: broken\nimage: minicloud-test/app:1\nprocesses: { web: { command: testapp exit 3 } }\n');
    // Where the machine is slow it may have been current before it ended.
    await treeRow(page, 'broken')
      .getByText(/^failed( · release 1)?$/)
      .waitFor({ timeout: 120_000 });
    await page.locator('.activitybar a[aria-label="Minicloud - 1 app is failing"]').waitFor();
    await takePicture(page, 'side-11-failing');
  });

  step('several selected apps are deleted after one question that names them all', async () => {
    await treeRow(page, 'broken').click();
    await treeRow(page, 'other').click({ modifiers: ['Control'] });
    await fromMenu(page, treeRow(page, 'other'), 'Delete App…');
    const dialog = page.locator('.monaco-dialog-box', { hasText: 'Delete 2 apps from localhost?' });
    for (const app of ['broken on localhost', 'other on localhost']) await dialog.getByText(app).waitFor();
    await takePicture(page, 'side-12-delete');
    await press(page, 'Delete 2 apps from localhost?', 'Delete 2 apps…');
    await answer(page, 'Delete 2 apps from localhost?', 'delete 2 apps');
    for (const app of ['broken', 'other']) await treeRow(page, app).waitFor({ state: 'detached' });
    await told(page, '2 apps were deleted: broken, other.');
    await page.locator('.activitybar a[aria-label="Minicloud"]').waitFor();
    const left = (await lab.client.apps.list.query()).map(({ name }) => name).sort();
    assert.deepEqual(left, ['echo', 'sample']);
    // Nothing was clicked since: the menu of one app is whole all the same.
    await treeRow(page, 'echo').click({ button: 'right' });
    await menuItem(page, 'Roll Back App…').waitFor();
    assert.equal(await menuItem(page, 'Stop Following Logs').count(), 0);
    await takePicture(page, 'side-12-menu');
    await page.keyboard.press('Escape');
  });

  step('the delete key asks for the app that is selected', async () => {
    const dialog = page.locator('.monaco-dialog-box', { hasText: 'Delete echo from localhost?' });
    await pressOn(page, treeRow(page, 'echo'), 'Delete', dialog);
    await takePicture(page, 'side-12-key');
    await press(page, 'Delete echo from localhost?', 'Cancel');
    await treeRow(page, 'echo').waitFor();
  });

  step('a deleted app is restored from the row of its server', async () => {
    await fromMenu(page, treeRow(page, 'localhost'), 'Restore Deleted App…');
    await page.locator('.quick-input-widget', { hasText: 'Restore Deleted App on localhost' }).waitFor();
    await takePicture(page, 'side-12-restore');
    await pickRow(page, 'other');
    await treeRow(page, 'other').waitFor();
  });

  step('a link adds the server after the person saw where it leads', async () => {
    await runCommand(page, 'Minicloud: Remove Server…');
    await press(page, 'Remove localhost from this editor?', 'Remove');
    await page.locator('.welcome-view-content').getByRole('button', { name: 'Add Server' }).waitFor();
    const open = async (code: string): Promise<void> => {
      const query = new URLSearchParams({ url: lab.ready.apiUrl, code });
      await runCommand(page, 'Developer: Open URL');
      await answer(page, 'URL to open', `vscode://minicloud.minicloud/add-server?${query}`);
      await press(page, "Allow 'Minicloud' extension to open this URI?", 'Open');
    };
    await open('mc_code_short');
    await told(page, 'This link has no valid code.');
    const { code } = await lab.client.access.createCode.mutate({ name: 'Walk' });
    await open(code);
    const dialog = page.locator('.monaco-dialog-box', {
      hasText: `Add the server at ${new URL(lab.ready.apiUrl).host}?`,
    });
    await dialog.getByText(lab.ready.apiUrl).waitFor();
    await takePicture(page, 'side-13-link');
    await press(page, 'Add the server at', 'Add Server');
    await treeRow(page, 'sample').waitFor();
    await open(code);
    await press(page, 'Replace the token of', 'Replace Token');
    await told(page, 'The code was not accepted');
  });

  step('agents find the server while AI features are on, and nothing when they are off', async () => {
    const list = 'MCP: List Servers';
    await editor.vscode.configure({ 'workbench.colorTheme': themes.dark, 'chat.disableAIFeatures': false });
    await commandIs(page, list, true);
    await runCommand(page, list);
    await pickRow(page, 'Minicloud ');
    await pickRow(page, 'Start Server');
    // With the token, which stands in no setting: else it would be refused.
    const found = page.locator('.part.panel .view-line', { hasText: /Discovered\s\d+\stools/ });
    await found.waitFor();
    await takePicture(page, 'side-14-agents');
    await editor.vscode.configure({ 'workbench.colorTheme': themes.dark });
    await commandIs(page, list, false);
    await found.waitFor({ state: 'detached' });
  });
});

async function succeeded(lab: Lab, manifest: string): Promise<void> {
  const { state, problem } = await lab.deploy(manifest);
  assert.equal(state, 'succeeded', JSON.stringify(problem));
}
