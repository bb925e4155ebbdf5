import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { installPackages } from './apt.ts';

const realPath = process.env.PATH;
let folder = '';
let said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'minicloud-apt-'));
  said = [];
  mkdirSync(path.join(folder, 'bin'));
  process.env.PATH = `${path.join(folder, 'bin')}:${realPath}`;
});
afterEach(() => {
  process.env.PATH = realPath;
  rmSync(folder, { recursive: true, force: true });
});

/** Stand-ins for apt-get, dpkg and dpkg-query that write down how they were called and then run these lines. */
function programs(lines: Partial<Record<'apt-get' | 'dpkg' | 'dpkg-query', string>>): void {
  for (const name of ['apt-get', 'dpkg', 'dpkg-query'] as const) {
    const file = path.join(folder, 'bin', name);
    writeFileSync(file, `#!/bin/sh\ncd ${folder}\nprintf '%s\\n' "${name} $*" >> calls\n${lines[name] ?? ''}\n`);
    chmodSync(file, 0o755);
  }
}

/** The calls of the stand-ins, without the options that each call has. */
const calls = () =>
  readFileSync(path.join(folder, 'calls'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.replaceAll(/ -q| -y| -o \S+| --no-install-recommends| -W -f .*/g, ''));

const install = () => installPackages(['one', 'two'], { say: (line) => said.push(line), timeoutMs: 10_000 });

test('lists are fetched, then all are installed at once', async () => {
  programs({});
  await install();
  assert.deepEqual(calls(), ['apt-get update', 'apt-get install one two']);
  assert.deepEqual(said, []);
});

test('an installation that was cut off is finished first, damaged packages come from the archive again', async () => {
  programs({
    'apt-get': `[ "$1" = update ] && exit 0
case "$*" in *--reinstall*) touch whole; exit 0;; esac
[ -e whole ] && exit 0
echo "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem." >&2
exit 100`,
    dpkg: 'exit 1',
    'dpkg-query': 'printf "fine install ok installed\\nhalf install reinstreq half-installed\\n"',
  });
  await install();
  assert.deepEqual(calls(), [
    'apt-get update',
    'apt-get install one two',
    'dpkg --configure -a',
    'dpkg-query',
    'apt-get install --reinstall half',
    'apt-get install one two',
  ]);
  assert.match(said.join('\n'), /cut off/);
});

test('what apt-get says is the reason, and nothing is tried twice for it', async () => {
  programs({ 'apt-get': '[ "$1" = update ] || { echo "E: Unable to locate package two" >&2; exit 100; }' });
  await assert.rejects(install, (error: Error & { problem: { why: string; object: string } }) => {
    assert.match(error.problem.why, /Unable to locate package two/);
    assert.match(error.problem.object, /one, two/);
    return true;
  });
  assert.equal(calls().length, 2);
});
