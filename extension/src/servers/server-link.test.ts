import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseServerLink } from './server-link.ts';

const code = `mc_code_${'a'.repeat(43)}`;
const link = (url: string, more = `&code=${code}`): unknown =>
  parseServerLink('/add-server', `url=${encodeURIComponent(url)}${more}`);

test('an address and a code are taken', () => {
  assert.deepEqual(link('https://cloud.example.com:9443'), { url: 'https://cloud.example.com:9443', code });
  assert.deepEqual(link('http://127.0.0.1:9443/'), { url: 'http://127.0.0.1:9443', code });
});

const refused: [name: string, result: unknown, problem: string][] = [
  ['another path', parseServerLink('/remove-server', `url=https://a.example&code=${code}`), 'not-ours'],
  ['more than it knows', link('https://a.example', `&code=${code}&run=1`), 'not-ours'],
  [
    'the same twice',
    parseServerLink('/add-server', `url=https://a.example&url=https://b.example&code=${code}`),
    'not-ours',
  ],
  ['no address', parseServerLink('/add-server', `code=${code}`), 'address'],
  ['a file', link('file:///etc/passwd'), 'address'],
  ['a script', link('javascript:alert(1)'), 'address'],
  ['a command', link('command:workbench.action.quit'), 'address'],
  ['a bare name', link('a.example'), 'address'],
  ['credentials', link('https://user:pw@a.example'), 'address'],
  ['another host in disguise', link('https://good.example@evil.example'), 'address'],
  ['a path', link('https://a.example/x'), 'address'],
  ['a query', link('https://a.example?x=1'), 'address'],
  ['HTTP to elsewhere', link('http://a.example'), 'unprotected'],
  ['no code', link('https://a.example', ''), 'code'],
  ['a token for a code', link('https://a.example', '&code=mc_user_x_yyyyyyyyyyyyyyyyyyyyyyyyyyy'), 'code'],
  ['a short code', link('https://a.example', '&code=mc_code_abc'), 'code'],
];
for (const [name, result, problem] of refused) test(`refused: ${name}`, () => assert.deepEqual(result, { problem }));
