/** By which names and addresses the API is reached, wherever it listens. */
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { describeError } from 'minicloud-shared/client/describe-error';
import { ask, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { failureOf } from '../cli/exit-codes.ts';
import { parseServerUrl } from '../cli/target.ts';
import { hostOfUrl, hostRefusal, localUrl } from './hosts.ts';

const refused = (host: string, apiHost = '0.0.0.0', apiNames: string[] = [], localAddress = '192.0.2.7') =>
  hostRefusal(host, { apiHost, apiNames }, { localAddress }) !== undefined;

test('an address that the connection came to is answered, and no other', () => {
  assert.equal(refused('192.0.2.7:9443'), false);
  assert.equal(refused('192.0.2.8:9443'), true);
  assert.equal(refused('192.0.2.7:9443', '::', [], '::ffff:192.0.2.7'), false, 'by a socket for both kinds');
  assert.equal(refused('[2001:DB8:0::7]:9443', '::', [], '2001:db8::7'), false);
  assert.equal(refused('[2001:db8::8]', '::', [], '2001:db8::7'), true);
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:9443', '[::1]:9443'])
    assert.equal(refused(host, '::1', [], '::1'), false, host);
});

test('names are answered when they were given', () => {
  const names = ['cloud.example.com', '203.0.113.7', '2001:db8::9'];
  for (const host of ['cloud.example.com', 'Cloud.Example.com:9443', '203.0.113.7:9443', '[2001:db8::9]:9443']) {
    assert.equal(refused(host, '0.0.0.0', names), false, host);
    assert.equal(refused(host), true, host);
  }
  for (const host of ['', 'cloud.example.com.evil.com', 'evil@cloud.example.com', 'cloud.example.com/x', 'a b', '[::1'])
    assert.equal(refused(host, '0.0.0.0', names), true, host);
});

test('the address for programs of this machine is a URL, whatever the API listens on', () => {
  const cases: Record<string, string> = {
    '127.0.0.1': 'http://127.0.0.1:9443',
    localhost: 'http://localhost:9443',
    '192.0.2.7': 'http://192.0.2.7:9443',
    '0.0.0.0': 'http://127.0.0.1:9443',
    '::': 'http://[::1]:9443',
    '::1': 'http://[::1]:9443',
  };
  for (const [apiHost, url] of Object.entries(cases)) {
    assert.equal(localUrl(apiHost, 9443), url);
    assert.equal(parseServerUrl(url), url);
  }
});

test('on every address it answers at each of the machine, and says what is wrong with another name', async () => {
  const companion = await startMemoryCompanion({ settings: ['--api-host', '0.0.0.0', '--api-name', 'cloud.example'] });
  try {
    const { port } = new URL(companion.url);
    assert.match(companion.url, /^http:\/\/127\.0\.0\.1:/);
    const mine = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ family }) => family === 'IPv4');
    assert.ok(mine.length > 0);
    for (const { address } of mine)
      assert.equal((await ask(`http://${hostOfUrl(address)}:${port}/health`)).status, 200, address);
    const named = (host: string) => ask(`${companion.url}/health`, { headers: { host } });
    assert.equal((await named('cloud.example')).status, 200);
    const other = await named('other.example:1');
    assert.equal(other.status, 403);
    assert.match(other.text, /host_refused/);
    // The very same by the client of editor and command line, which can't send another name than it asks.
    const client = companion.clientOf(companion.admin, async (input, init) =>
      fetchAs('other.example', String(input), init),
    );
    const error = await client.system.info.query().then(
      () => assert.fail('it was answered'),
      (thrown: unknown) => thrown,
    );
    const { code, object, remedy } = describeError(error, companion.url);
    assert.deepEqual([code, object], ['host_refused', 'other.example']);
    assert.match(remedy, /--api-name other\.example/);
    assert.equal(failureOf(error, companion.url).code, 3);
  } finally {
    await companion.stop();
  }
});

/** `fetch` sets the name by itself. */
async function fetchAs(host: string, url: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...Object.fromEntries(new Headers(init.headers)), host };
  const { status, text } = await ask(url, { method: init.method ?? 'GET', headers });
  return new Response(text, { status });
}
