/** What the command line says where something is missing, what it checks without a server, and links that log in. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { apiUrl, expect, folder, freePort, repository, root, token, work } from './cli-lab.ts';

test('logs: a process that is not there, no lines wanted, an app that never served', async () => {
  await expect(0, ['deploy', await folder('talker', ['env: { MODE: logs }']), '--yes']);
  const wrong = await expect(1, ['logs', 'talker', '-p', 'wbe']);
  assert.match(wrong.err, /no such process: process wbe of talker/);
  assert.match(wrong.err, /It has web\./);
  assert.match(wrong.err, /Did you mean --process web\?/);
  assert.match((await expect(1, ['logs', 'talker', '-f', '-p', 'wbe'])).err, /It has web\./);
  assert.deepEqual(await expect(0, ['logs', 'talker', '-n', '0']), { code: 0, signal: null, out: '', err: '' });
  assert.match((await expect(0, ['logs', 'talker', '-p', 'web'])).out, /first/);

  const check = 'healthcheck: { path: /, port: 80, interval: 500ms, timeout: 500ms, retries: 1, grace: 1s }';
  await expect(1, ['deploy', await folder('stillborn', ['env: { MODE: fail }', check]), '--yes']);
  const none = await expect(0, ['logs', 'stillborn']);
  assert.equal(none.out, '');
  assert.match(none.err, /does not run: its last deploy failed/);
  assert.match(none.err, /\| boom/);
  const id = /minicloud watch (\S+?)`/.exec(none.err)?.[1] ?? '';
  assert.match((await expect(1, ['watch', id])).err, /boom/);
  assert.doesNotMatch(none.err, /written nothing yet/);
});

test('a folder that is not there is told as that', async () => {
  for (const words of [
    ['plan', '/nosuch/'],
    ['deploy', './nosuch', '--yes'],
    ['validate', '/nosuch/'],
  ])
    assert.match((await expect(5, words)).err, /There is no such folder or file: .*nosuch/);
  await mkdir(path.join(work, 'bare'), { recursive: true });
  assert.match((await expect(5, ['plan', './bare'])).err, /There is no manifest here/);
});

test('an address where nothing answers is told as that, in a stream too', async () => {
  const env = { MINICLOUD_TOKEN: token };
  const url = `127.0.0.1:${await freePort()}`;
  for (const words of [['apps'], ['logs', 'shop'], ['logs', 'shop', '-f']]) {
    const ended = await expect(3, [...words, '--api-url', url], { env });
    assert.match(ended.err, /Nothing listens at this address/);
    assert.doesNotMatch(ended.err, /lost/);
  }
  // A port that `fetch` itself refuses to ask.
  assert.match((await expect(3, ['apps', '--api-url', '127.0.0.1:19'], { env })).err, /Nothing answers there/);
});

test('validate --env: what the source beside a manifest reads and nothing sets, and the other way around', async () => {
  const shop = await folder('reading', ['env: { GREETING: hi, OLD_FLAG: x }']);
  await writeFile(path.join(work, shop, 'app.js'), 'use(process.env.GREETING, process.env.STRIPE_KEY)\n');
  const codes = /manifest\/env-[a-z]+/g;
  assert.deepEqual((await expect(0, ['validate', shop])).out.match(codes), null);
  const { out } = await expect(0, ['validate', shop, '--env', '--max-warnings', '0']);
  assert.deepEqual(out.match(codes), ['manifest/env-unset', 'manifest/env-unread']);
  assert.match(out, /STRIPE_KEY is read in app\.js:1/);
  assert.match(out, /OLD_FLAG is set, and nothing in the source reads it/);
  const github = (await expect(0, ['validate', shop, '--env', '--format', 'github'])).out;
  assert.match(github, /^::notice file=.*title=manifest\/env-unset::STRIPE_KEY/m);
});

test('validate: several places, limits to warnings, escapes of a workflow, and the server when asked', async () => {
  const good = await folder('fine');
  const bad = await folder('broken', ['needz: [database]']);
  const odd = path.join(work, 'odd, 100%:name');
  await mkdir(odd, { recursive: true });
  await writeFile(path.join(odd, 'cloud_manifest.yml'), 'name: odd\nexpse: []\n');
  const ended = await expect(5, ['validate', good, bad, odd, '-', '--format', 'json'], { input: 'name: piped\n' });
  const { valid, files } = JSON.parse(ended.out) as { valid: boolean; files: { file: string; valid: boolean }[] };
  assert.equal(valid, false);
  assert.deepEqual(
    files.map((each) => [path.dirname(each.file), each.valid]),
    [
      [good, true],
      [bad, false],
      ['odd, 100%:name', false],
      ['.', true],
    ],
  );
  const github = (await expect(5, ['validate', odd, '--format', 'github'])).out;
  assert.match(
    github,
    /^::error file=odd%2C 100%25%3Aname\/cloud_manifest\.yml,line=2,endLine=2,col=1,endColumn=5,title=manifest\/unknown-key::/,
  );

  const warned = {
    input: 'name: warned\nexpose: [{ port: 80 }]\nenv: { API_KEY: sk_live_abcdefghijklmnopqrstuvwx }\n',
  };
  const plain = await expect(0, ['validate', '-', '--json'], warned);
  const { diagnostics } = JSON.parse(plain.out).files[0] as { diagnostics: { severity: string }[] };
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning').length;
  assert.ok(warnings > 0, plain.out);
  await expect(0, ['validate', '-', '--max-warnings', String(warnings)], warned);
  const many = await expect(5, ['validate', '-', '--max-warnings', String(warnings - 1)], warned);
  assert.match(many.err, /more than the \d+ of --max-warnings/);
  for (const wrong of ['-1', 'few']) await expect(2, ['validate', '-', `--max-warnings=${wrong}`], warned);
  await expect(2, ['validate', '-', '-'], warned);

  await expect(0, ['deploy', await folder('holder', ['env: {}']), '--yes']);
  const taken = {
    input: 'name: taker\nexpose: [{ port: 80, domains: [holder.localhost] }]\nplacement: { region: eu }\n',
  };
  await expect(0, ['validate', '-'], taken);
  const told = (await expect(5, ['validate', '-', '--server'], taken)).out;
  assert.match(told, /standard input:2:\d+ +manifest\/domain-owned/);
  assert.match(told, /standard input:3:\d+ +manifest\/not-available/);
  // Without --server nothing is asked, and no server has to be there.
  await expect(0, ['validate', good], { env: { MINICLOUD_API_URL: 'http://127.0.0.1:1' } });
});

test('what the server can not do is refused with file, line and column', async () => {
  const place = await folder('eager', ['placement: { region: eu }']);
  for (const words of [
    ['plan', place],
    ['deploy', place, '--yes'],
  ])
    assert.match((await expect(5, words)).err, /cloud_manifest\.yml:\d+:\d+ +manifest\/not-available/);
});

test('the schema is printed, served without a token, and is the one in the checkout', async () => {
  const printed: object = JSON.parse((await expect(0, ['schema'])).out);
  const file: unknown = JSON.parse(
    await readFile(path.join(repository, 'shared/schema/cloud_manifest.schema.json'), 'utf8'),
  );
  assert.deepEqual(printed, file);
  const answer = await fetch(`${apiUrl}/schema/cloud_manifest.json`);
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), file);
  assert.match((await expect(0, ['help', 'schema'])).out, /# yaml-language-server: \$schema=/);
});

test('login --code prints a link with a code and no token, which works once and for no more than asked', async () => {
  const made = await expect(0, ['login', '--code', '--scope', 'read', '--name', 'laptop']);
  assert.doesNotMatch(made.out + made.err, new RegExp(token));
  const link = new URL(made.out.trim());
  assert.equal(`${link.protocol}//${link.host}${link.pathname}`, 'vscode://minicloud.minicloud/add-server');
  assert.equal(link.searchParams.get('url'), apiUrl);
  const redeem = () =>
    fetch(`${apiUrl}/trpc/access.redeemCode`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code: link.searchParams.get('code') }),
    });
  const answer = (await (await redeem()).json()) as { result: { data: { value: string } } };
  const env = { MINICLOUD_API_URL: apiUrl, MINICLOUD_TOKEN: answer.result.data.value };
  await expect(0, ['apps'], { env });
  assert.match((await expect(4, ['deploy', await folder('denied2'), '--yes'], { env })).err, /needs deploy/);
  assert.equal((await redeem()).status, 401);
  assert.match((await expect(0, ['tokens'])).out, /laptop +read/);

  await expect(4, ['login', '--code', '--scope', 'manage'], { env });
  const json = JSON.parse((await expect(0, ['login', '--code', '--json'], { env })).out) as Record<string, unknown>;
  assert.deepEqual([json.scope, json.name, json.url], ['read', 'VS Code', apiUrl]);
  await expect(2, ['login', '--scope', 'read']);
  await expect(2, ['login']);
  await expect(2, ['login', 'http://127.0.0.1:1', '--code']);
  await expect(2, ['login', '--code'], { cwd: root, env: { HOME: path.join(root, 'nobody') } });
});
