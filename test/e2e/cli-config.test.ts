/** Config vars and secrets by the command line: where values come from, what is asked, and that none is printed. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { atTerminal, companion, expect, folder, start, work } from './cli-lab.ts';

const value = 'never-to-be-printed-7313';
const silent = ({ out, err }: { out: string; err: string }) =>
  assert.ok(!`${out}${err}`.includes(value), `${out}${err}`);
const names = async (command: string, app: string) =>
  (
    JSON.parse((await expect(0, [command, app, '--json'])).out) as {
      entries: { name: string; used: boolean }[];
    }
  ).entries.map(({ name, used }) => `${name}${used ? ' used' : ''}`);
const stored = async (app: string) => {
  const { currentConfig } = await import('../../server/src/configs/configs.ts');
  const { requireApp } = await import('../../server/src/apps/apps.ts');
  const { values } = await currentConfig(companion.cloud, await requireApp(companion.cloud, app));
  return Object.fromEntries([...values].map(([name, entry]) => [name, entry.value]));
};

test('config vars: set, listed, deployed, unset', async () => {
  const place = await folder('vars');
  await expect(0, ['deploy', place, '--yes']);
  assert.match((await expect(0, ['config', 'vars'])).out, /vars has no config vars\. `minicloud config:set vars/);
  const set = await expect(0, ['config:set', 'vars', `API=${value}=x`, 'EMPTY=']);
  silent(set);
  assert.match(set.err, /Stored as version 1: API, EMPTY\./);
  assert.match(set.err, /Start 1 replica of web/, 'the deploy is shown as deploy shows it');
  assert.match(set.out, /release 2/i);
  assert.deepEqual(await stored('vars'), { API: `${value}=x`, EMPTY: '' });
  assert.deepEqual(await names('config', 'vars'), ['API used', 'EMPTY used']);
  assert.match((await expect(0, ['apps:info', 'vars'])).out, /config +API, EMPTY/);
  assert.match((await expect(0, ['releases', 'vars'])).out, /config: set API, EMPTY/);
  assert.match((await expect(0, ['config:set', 'vars', 'EMPTY='])).err, /All of it was so already/);
  const json = await expect(0, ['config:set', 'vars', 'EMPTY=no', '--json']);
  const done = JSON.parse(json.out) as { version: number; changed: string[]; operation: { state: string } };
  assert.deepEqual([done.version, done.changed, done.operation.state], [2, ['EMPTY'], 'succeeded']);
  const piped = await expect(0, ['config:set', 'vars', 'PIPED', '--no-deploy'], { input: `${value}\n` });
  silent(piped);
  assert.match(piped.out, /No release was made/);
  assert.equal((await stored('vars')).PIPED, value);
  assert.deepEqual(await names('config', 'vars'), ['API used', 'EMPTY used', 'PIPED']);
  await expect(0, ['config:unset', 'vars', 'PIPED', 'API']);
  assert.deepEqual(await names('config', 'vars'), ['EMPTY used']);
  assert.match((await expect(0, ['config:unset', 'vars', 'API'])).err, /API is not set\./);
});

test('secrets: never from an argument; typed unseen, from standard input or a file', async () => {
  const refused = await expect(2, ['secrets:set', 'hidden', `KEY=${value}`]);
  silent(refused);
  assert.match(refused.err, /every process of this machine can read the arguments/);
  silent(await expect(2, ['secrets:set', 'hidden', `not-a-name=${value}`]));
  silent(await expect(2, ['config:set', 'hidden', `not-a-name=${value}`]));
  const unknown = await expect(1, ['secrets:set', 'hidden', 'KEY'], { input: value });
  assert.match(unknown.err, /--create/);
  silent(await expect(0, ['secrets:set', 'hidden', 'KEY', '--create'], { input: value }));
  assert.deepEqual(await stored('hidden'), { KEY: value });
  const typed = await atTerminal(['secrets:set', 'hidden', 'OTHER', 'MORE'], value);
  assert.equal(typed.code, 0);
  assert.ok(!typed.terminal.written().includes(value));
  assert.deepEqual(await stored('hidden'), { KEY: value, OTHER: value, MORE: value });
  assert.match((await expect(2, ['secrets:set', 'hidden', 'A', 'B'], { input: 'x' })).err, /one value/);
  await expect(0, ['deploy', await folder('hidden', ['secrets: [KEY]']), '--yes']);
  assert.deepEqual(await names('secrets', 'hidden'), ['KEY used', 'MORE', 'OTHER']);
  assert.match((await expect(1, ['secrets:unset', 'hidden', 'KEY'])).err, /Take KEY out of `secrets`/);
  assert.match((await expect(2, ['config:unset', 'hidden', 'MORE'])).err, /secrets:unset/);
});

test('a .env file is shown by name and asked about', async () => {
  const file = path.join(work, '.env.test');
  await writeFile(file, `# of the test\nA=1\nTOKEN=${value}\n`);
  await expect(0, ['config:set', 'filed', 'A=1', 'B=1', '--create']);
  const unasked = await expect(2, ['config:set', 'filed', '--from', file]);
  assert.match(unasked.err, /no terminal to ask at/);
  const no = await atTerminal(['config:set', 'filed', '--from', file], 'n');
  assert.equal(no.code, 130);
  assert.deepEqual(no.asked, ['Set 1 value? [y/N] ']);
  assert.ok(no.shown.includes('A config var same') && no.shown.includes('TOKEN config var new'), no.shown.join('\n'));
  assert.ok(!no.terminal.written().includes(value));
  assert.deepEqual(await stored('filed'), { A: '1', B: '1' });
  silent(await expect(0, ['config:set', 'filed', '--from', file, '--yes']));
  assert.deepEqual(await stored('filed'), { A: '1', B: '1', TOKEN: value });
  await writeFile(file, `PASSWORD=${value}$more\n`);
  const odd = await expect(2, ['config:set', 'filed', '--from', file, '--yes']);
  assert.match(odd.err, /PASSWORD has a \$/);
  assert.doesNotMatch(odd.err, /more/);
  silent(odd);
  assert.match((await expect(2, ['config:set', 'filed', '--from', 'nowhere', '--yes'])).err, /nowhere/);
  // What is a secret on the server stays one, whatever the rest of the file is.
  await expect(0, ['secrets:set', 'filed', 'PASSWORD'], { input: `${value}\n` });
  await writeFile(file, `PASSWORD=${value}2\nB=2\n`);
  silent(await expect(0, ['config:set', 'filed', '--from', file, '--yes']));
  assert.equal((await stored('filed')).PASSWORD, `${value}2`);
  assert.deepEqual(await names('secrets', 'filed'), ['PASSWORD']);
  assert.match(
    (await expect(2, ['config:set', 'filed', 'LATER'], { input: '' })).err,
    /nothing came on standard input/,
  );
  assert.match((await expect(2, ['secrets:set', 'filed', 'PASSWORD'], { input: '\n' })).err, /empty line/);
  await expect(2, ['config:set', 'filed']);
});

test('a deploy that the new values break ends with 1, and says that they are stored', async () => {
  await expect(0, [
    'deploy',
    await folder('frail', ['healthcheck: { port: 80, interval: 1s, retries: 1, grace: 1s }']),
    '--yes',
  ]);
  const failed = await start(['config:set', 'frail', 'MODE=fail']).ended;
  assert.equal(failed.code, 1, failed.err);
  assert.match(failed.err, /The values are stored and not used/);
});

test('the key is changed, and what was stored still opens', async () => {
  const { out } = await expect(0, ['keys:rotate']);
  assert.match(out, /^Sealed anew: \d+ values\. The old key is gone\.$/m);
  assert.equal((await stored('hidden')).KEY, value);
});
