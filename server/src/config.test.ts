import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import { type Config, configFlags, readConfig } from './config.ts';

/** A value that is not the default, what it becomes, and values that are refused. */
const settings: Record<keyof Config, { good: string; read: unknown; bad: string[] }> = {
  home: { good: '/srv/cloud', read: '/srv/cloud', bad: [''] },
  engine: { good: 'memory', read: 'memory', bad: ['', 'Docker', 'kubernetes'] },
  engineSocket: { good: '/run/x.sock', read: '/run/x.sock', bad: [] },
  apiHost: { good: '127.0.0.2', read: '127.0.0.2', bad: ['', 'example.com', '127.0.0', '1.2.3.4; ls'] },
  apiPort: {
    good: '7001',
    read: 7001,
    bad: ['', '0', '65536', '-1', '1.5', 'abc', '0x50', '1e3', ' 80', '99999999999'],
  },
  apiNames: {
    good: 'cloud.example.com,203.0.113.7',
    read: ['cloud.example.com', '203.0.113.7'],
    bad: ['https://cloud.example.com', 'cloud.example.com:9443', 'a b', 'UPPER.example', '-a'],
  },
  bind: { good: '0.0.0.0', read: '0.0.0.0', bad: ['', 'everywhere', '0.0.0.0;'] },
  httpPort: { good: '80', read: 80, bad: ['0', 'http'] },
  httpsPort: { good: '443', read: 443, bad: ['0', 'https'] },
  serverDomain: {
    good: 'cloud.example.com',
    read: 'cloud.example.com',
    bad: ['', 'UPPER.example', '-a.b', 'a..b', 'a b', 'a;b', '.', 'a.'],
  },
  networkPool: {
    good: '10.0.0.0/16',
    read: '10.0.0.0/16',
    bad: ['', '10.0.0.0', '999.0.0.0/12', '10.0.0.0/33', '10.0.0.0/26', '10.0.0.0/0', 'fd00::/64'],
  },
  images: { good: 'build', read: 'build', bad: ['', 'never'] },
  registryMirror: { good: 'mirror:5000', read: 'mirror:5000', bad: [] },
  proxyImage: { good: 'p:1', read: 'p:1', bad: [] },
  mariadbImage: { good: 'm:1', read: 'm:1', bad: [] },
  drainMs: { good: '0', read: 0, bad: ['', '-1', 'soon', '3600001'] },
  firewall: { good: 'off', read: 'off', bad: ['', 'on'] },
  ready: { good: '/srv/ready.json', read: '/srv/ready.json', bad: [] },
};
const keys = Object.keys(configFlags) as (keyof Config)[];

function refusal(args: string[], env: NodeJS.ProcessEnv = {}) {
  try {
    readConfig(args, env);
  } catch (error) {
    assert.ok(error instanceof ProblemError, String(error));
    assert.equal(error.problem.code, 'invalid_input');
    assert.match(error.problem.remedy, /--help/);
    return error.problem;
  }
  throw new Error(`${args.join(' ')} was accepted`);
}

test('the table here knows every setting', () => {
  assert.deepEqual(Object.keys(settings).sort(), [...keys].sort());
});

for (const key of keys) {
  const { flag, env } = configFlags[key];
  const { good, read, bad } = settings[key];

  test(`--${flag} is read from the flag, then ${env}, and a bad value names it`, () => {
    assert.deepEqual(readConfig([`--${flag}`, good], {})[key], read);
    assert.deepEqual(readConfig([`--${flag}=${good}`], {})[key], read);
    assert.deepEqual(readConfig([], { [env]: good })[key], read);
    assert.notDeepEqual(readConfig([], {})[key], read, 'the good value is not the default');
    for (const value of bad) {
      assert.equal(refusal([`--${flag}=${value}`]).object, `--${flag}`, value);
      assert.equal(refusal([], { [env]: value }).object, `--${flag} (${env})`, value);
      assert.deepEqual(readConfig([`--${flag}`, good], { [env]: value })[key], read, 'the flag wins');
    }
  });
}

test('every setting has a default or may be left out', () => {
  const config = readConfig([], {});
  assert.equal(config.apiHost, '127.0.0.1');
  assert.equal(config.bind, '127.0.0.1');
  assert.match(config.home, /^\/.*\.minicloud$/);
});

test('a refused value is shown, cut, with what it should be', () => {
  assert.equal(refusal(['--api-port', '70000']).why, '"70000": it is from 1 to 65535.');
  assert.ok(refusal(['--server-domain', 'X'.repeat(5000)]).why.length < 300);
});

test('unknown flags, words and missing values are told', () => {
  assert.match(refusal(['--api-prot', '1']).why, /--api-prot/);
  assert.match(refusal(['here']).why, /here/);
  assert.match(refusal(['--api-port']).why, /--api-port/);
});

test('one port can not be two things', () => {
  assert.deepEqual(
    [refusal(['--http-port', '9443']).object, refusal(['--http-port', '9443']).why],
    ['--http-port', '9443 is --api-port already.'],
  );
  refusal(['--https-port', '8080']);
  refusal([], { MINICLOUD_HTTPS_PORT: '9443' });
});

test('a name of the API may be repeated; of everything else the last one counts', () => {
  const args = ['--api-name', 'a.example', '--api-name=b.example', '--api-port', '1', '--api-port', '2'];
  const { apiNames, apiPort } = readConfig(args, { MINICLOUD_API_NAMES: 'c.example' });
  assert.deepEqual([apiNames, apiPort], [['a.example', 'b.example'], 2]);
  assert.deepEqual(readConfig([], {}).apiNames, []);
});
