import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProblemCode, ProblemError } from 'minicloud-shared/model/problem';
import { runCommand } from './exec.ts';

const fails = (code: ProblemCode) => (error: unknown) => error instanceof ProblemError && error.problem.code === code;

test('gives output and exit code; failing is an answer', async () => {
  const script = 'process.stdout.write("out"); process.stderr.write("err"); process.exitCode = 3';
  assert.deepEqual(await runCommand([process.execPath, '-e', script]), { exitCode: 3, stdout: 'out', stderr: 'err' });
});

test('arguments are arguments: nothing in them is run by a shell', async () => {
  const { stdout } = await runCommand(['printf', '%s|', '$(id)', '; echo x', '`id`', '--', '*']);
  assert.equal(stdout, '$(id)|; echo x|`id`|--|*|');
});

test('input goes in, however large, and nobody has to read it', async () => {
  const input = 'x'.repeat(1_000_000);
  assert.equal((await runCommand(['cat'], { stdin: input })).stdout, input);
  assert.equal((await runCommand(['true'], { stdin: input })).exitCode, 0);
});

test('the environment is what was given and nothing of ours', async () => {
  process.env.EXEC_TEST_SECRET = 'hunter2';
  const { stdout } = await runCommand(['env'], { env: { GIVEN: 'yes' } });
  assert.match(stdout, /^GIVEN=yes$/m);
  assert.match(stdout, /^PATH=/m);
  assert.doesNotMatch(stdout, /hunter2/);
  assert.doesNotMatch((await runCommand(['env'])).stdout, /hunter2/);
  delete process.env.EXEC_TEST_SECRET;
});

test('a program that does not end is ended, also one that does not want to', async () => {
  await assert.rejects(runCommand(['sleep', '60'], { timeoutMs: 100 }), fails('timeout'));
  const stubborn = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)';
  await assert.rejects(runCommand([process.execPath, '-e', stubborn], { timeoutMs: 500 }), fails('timeout'));
});

test('a child of the program that holds the output open does not hold us up', async () => {
  const orphan =
    'require("child_process").spawn("sleep", ["60"], { stdio: "inherit", detached: true }).unref(); setInterval(() => {}, 1000)';
  await assert.rejects(runCommand([process.execPath, '-e', orphan], { timeoutMs: 500 }), fails('timeout'));
});

test('a signal ends it, before and while it runs', async () => {
  await assert.rejects(runCommand(['true'], { signal: AbortSignal.abort() }), fails('cancelled'));
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(runCommand(['sleep', '60'], { signal: controller.signal }), fails('cancelled'));
});

test('a program that is not there is told', async () => {
  await assert.rejects(runCommand(['no-such-program-here']), fails('not_available'));
  await assert.rejects(runCommand(['true'], { cwd: '/no/such/folder' }), fails('not_available'));
});

test('output is kept up to the cap, and lines are told as they come', async () => {
  const script = 'for (let i = 0; i < 1000; i++) console.log("line " + i); process.stdout.write("end")';
  const lines: string[] = [];
  const { stdout } = await runCommand([process.execPath, '-e', script], {
    maxOutputBytes: 100,
    onLine: (line) => lines.push(line),
  });
  assert.equal(stdout.length, 100);
  assert.equal(lines.length, 1001);
  assert.deepEqual([lines[0], lines.at(-1)], ['line 0', 'end']);
});
