import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from './process.ts';
import { eventPrefix, type WireEvent } from './reporter.ts';
import { createTally, lastLine, succeeded } from './tally.ts';

/** Runs test files for real, under the reporter, and counts them. */
async function tallyOf(files: Record<string, string>) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'minicloud-tally-'));
  const said: string[] = [];
  try {
    const names = Object.keys(files).map((name) => path.join(folder, name));
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    const tally = createTally(folder, (line) => said.push(line));
    const reporter = fileURLToPath(new URL('./reporter.ts', import.meta.url));
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { code } = await run([process.execPath, '--test', `--test-reporter=${reporter}`, ...names], {
      timeoutMs: 60_000,
      env,
      onLine: (line) => {
        const at = line.indexOf(eventPrefix);
        if (at >= 0) tally.take(JSON.parse(line.slice(at + eventPrefix.length)) as WireEvent);
      },
    });
    tally.finish(names);
    return { counts: tally.counts, failures: tally.failures, said: said.join('\n'), code };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const head = "import assert from 'node:assert/strict'; import { describe, it, test } from 'node:test';\n";

test('tests are counted once, parents and suites not at all', async () => {
  const { counts, failures } = await tallyOf({
    'a.test.ts': `${head}
      test('parent', async (t) => { await t.test('one', () => {}); await t.test('two', () => {}); });
      describe('suite', () => { it('three', () => {}); it('four', () => {}); });
      test('five', () => {});`,
  });
  assert.deepEqual(counts, { passed: 5, failed: 0, skipped: 0 });
  assert.deepEqual(failures, []);
  assert.equal(lastLine(counts), '5 passed, 0 failed, 0 skipped');
  assert.equal(succeeded(counts), true);
});

test('a failing child fails once, with its error and what the file printed', async () => {
  const { counts, failures, said } = await tallyOf({
    'a.test.ts': `${head}
      test('parent', async (t) => {
        console.log('a word before the end');
        await t.test('good', () => {});
        await t.test('bad', () => assert.equal(1, 2, 'one is not two'));
      });`,
  });
  assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 0 });
  assert.equal(failures.length, 1);
  assert.match(failures[0] ?? '', /a\.test\.ts: parent > bad/);
  assert.match(said, /one is not two/);
  assert.match(said, /a word before the end/);
});

test('a parent that fails by itself, or by a hook, is a failure of its own', async () => {
  const { counts } = await tallyOf({
    'a.test.ts': `${head}
      test('parent', async (t) => { await t.test('good', () => {}); throw new Error('afterwards'); });`,
    'b.test.ts': `${head} import { before } from 'node:test';
      describe('suite', () => { before(() => { throw new Error('hook'); }); it('never', () => {}); });`,
  });
  assert.equal(counts.passed, 1);
  assert.ok(counts.failed >= 2, `failed ${counts.failed}`);
});

test('skipped and todo tests are told and are no success', async () => {
  const { counts, said } = await tallyOf({
    'a.test.ts': `${head} test('ok', () => {}); test('later', { skip: 'no' }, () => {}); it.todo('some day');`,
  });
  assert.deepEqual(counts, { passed: 1, failed: 0, skipped: 2 });
  assert.match(said, /SKIP .*later/);
  assert.equal(succeeded(counts), false);
});

test('a file without a test, a file that crashes and a file that never ran are failures', async () => {
  const { counts, failures } = await tallyOf({
    'a.test.ts': 'export const nothing = 1;',
    'b.test.ts': "throw new Error('boot');",
    'c.test.ts': `${head} test('fine', () => {}); test('then it ends', () => { process.exit(3); });`,
  });
  assert.ok(failures.some((line) => line.includes('a.test.ts: ran no test')));
  assert.ok(failures.some((line) => line.includes('b.test.ts')));
  assert.ok(failures.some((line) => line.includes('c.test.ts')));
  assert.equal(succeeded(counts), false);

  const tally = createTally('/', () => {});
  tally.finish(['never.test.ts']);
  assert.deepEqual(tally.failures, ['never.test.ts: ran no test']);
});
