/** The companion as a process: streams over restarts, and starts that can't be. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import Database from 'better-sqlite3';
import { ProblemError } from 'minicloud-shared/model/problem';
import { type Lab, startLab } from '../harness/companion.ts';
import { eventually, startMemoryCompanion } from '../harness/memory-companion.ts';

const manifest = (name: string) => `name: ${name}\nimage: ${name}:1\nexpose: [{ port: 80 }]\n`;
const main = path.resolve(import.meta.dirname, '../../server/src/main.ts');
let lab: Lab;
before(async () => {
  lab = await startLab({ engine: 'memory' });
});
after(() => lab.remove());

/** What a start said that must not succeed. */
async function refusedStart(
  args: string[],
  { env = {}, ends = 1 }: { env?: Record<string, string>; ends?: number } = {},
) {
  const child = spawn(process.execPath, [main, 'serve', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  assert.equal(code, ends, output);
  assert.match(output, /\n {2}why {4}\S.*\n/, 'it says why');
  assert.match(output, /\n {2}do {5}\S.*\n/, 'it says what to do');
  assert.doesNotMatch(output, /^\s+at .*:\d+:\d+\)?$/m, 'it shows no stack');
  return output;
}

test('a subscriber sees every event once, in order, over a companion that is killed and comes back', async () => {
  const seen: number[] = [];
  const problems: unknown[] = [];
  const states: string[] = [];
  const subscription = lab.client.events.subscribe.subscribe(
    { lastEventId: 0 },
    {
      onData: ({ id, data }) => {
        assert.equal(Number(id), data.id);
        seen.push(data.id);
      },
      onConnectionStateChange: ({ state, error }) =>
        states.push(`${Math.round(performance.now())} ms: ${state}${error ? `, ${error.message}` : ''}`),
      onError: (error) => problems.push(error),
    },
  );
  try {
    assert.equal((await lab.deploy(manifest('before'))).state, 'succeeded');
    await eventually('events of the first deploy', () => seen.length > 5);
    await lab.stop('SIGKILL');
    await lab.start();
    assert.equal((await lab.deploy(manifest('after'))).state, 'succeeded');
    const newest = () => lab.rows<{ id: number }>('SELECT max(id) AS id FROM events')[0]?.id;
    // Attempts come up to 30 s apart, and a slow machine needs a while until the companion takes one.
    await eventually('every event', () => seen.at(-1) === newest(), 60_000).catch((error: Error) => {
      throw new Error(
        `${error.message}: ${seen.at(-1)} of ${newest()}; ${[...states, ...problems].join('; ')}\n${lab.log().slice(-3000)}`,
      );
    });
  } finally {
    subscription.unsubscribe();
  }
  const all = lab.rows<{ id: number }>('SELECT id FROM events ORDER BY id').map(({ id }) => id);
  assert.deepEqual(seen.slice(0, all.length), all);
  assert.deepEqual(problems, []);
});

test('the log changed by another program while it runs is told by the status', async () => {
  const database = async () =>
    (await lab.client.system.status.query()).components.find((component) => component.name === 'database');
  assert.equal((await database())?.state, 'ok');
  const file = new Database(path.join(lab.home, 'minicloud.db'));
  file.exec('DROP TRIGGER events_append_only');
  const [row] = file.prepare('SELECT by FROM events WHERE id = 3').all() as { by: string }[];
  file.exec(`UPDATE events SET by = 'somebody else' WHERE id = 3`);
  const changed = await database();
  assert.deepEqual([changed?.state, changed?.detail], ['degraded', 'event 3 does not follow from the one before']);
  file.prepare('UPDATE events SET by = ? WHERE id = 3').run(row?.by);
  file.close();
  assert.equal((await database())?.state, 'ok');
});

test('a second companion on one home is refused, and harms nothing', async () => {
  const output = await refusedStart([
    '--home',
    lab.home,
    '--engine',
    'memory',
    '--api-port',
    '1',
    '--http-port',
    '2',
    '--https-port',
    '3',
  ]);
  assert.match(output, /^Another companion already runs on this home/m);
  assert.equal((await lab.client.system.info.query()).apiVersion, 1);
});

test('a port that is taken is told by its number, and the flag that changes it', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as { port: number };
  const home = await mkdtemp(path.join(tmpdir(), 'minicloud-port-'));
  try {
    const output = await refusedStart(['--home', home, '--engine', 'memory', '--api-port', String(port)]);
    assert.match(output, new RegExp(`port ${port} on 127\\.0\\.0\\.1`));
    assert.match(output, /--api-port/);
  } finally {
    server.close();
    await rm(home, { recursive: true });
  }
});

test('bad settings end the start before anything is made', async () => {
  const home = path.join(tmpdir(), `minicloud-never-${process.pid}`);
  const output = await refusedStart(['--home', home], { env: { MINICLOUD_API_PORT: 'ninety' }, ends: 2 });
  assert.match(output, /--api-port \(MINICLOUD_API_PORT\)/);
  assert.match(output, /"ninety"/);
  await assert.rejects(readFile(home), /ENOENT/);
});

/** What a start on this home fails with. */
async function problemOf(home: string) {
  try {
    const companion = await startMemoryCompanion({ home });
    await companion.stop();
  } catch (error) {
    assert.ok(error instanceof ProblemError, String(error));
    return error.problem;
  }
  throw new Error('it started');
}

test('a home that can not be is told as such', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'minicloud-home-'));
  const file = path.join(folder, 'file');
  await writeFile(file, 'mine');
  for (const home of [path.join(file, 'home'), file, '/proc/minicloud', '/sys/minicloud']) {
    const problem = await problemOf(home);
    assert.equal(problem.code, 'invalid_input', home);
    assert.equal(problem.object, `--home ${home}`);
  }
  assert.equal(await readFile(file, 'utf8'), 'mine');
  await rm(folder, { recursive: true });
});

/** A home with some history, to be broken. */
async function usedHome(): Promise<string> {
  const home = await mkdtemp(path.join(tmpdir(), 'minicloud-used-'));
  const companion = await startMemoryCompanion({ home });
  const operation = await companion.deploy(`${manifest('shop')}needs: [database]\n`);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  for (let n = 0; n < 200; n += 1)
    await companion.cloud.events.append({ by: 'me', body: { kind: 'server.changed', what: 'x'.repeat(2000) } });
  await companion.stop();
  return home;
}

test('a home in which a file is damaged is told, and left as it is', async () => {
  const used = await usedHome();
  const page = (bytes: Buffer, at: number) => {
    const copy = Buffer.from(bytes);
    copy.fill(0xab, at, at + 4096);
    return copy;
  };
  const damages: { name: string; file: string; damage: (bytes: Buffer) => Buffer; expect: RegExp }[] = [
    {
      name: 'not a database',
      file: 'minicloud.db',
      damage: () => Buffer.from('hello '.repeat(5000)),
      expect: /database is damaged/,
    },
    { name: 'its first page', file: 'minicloud.db', damage: (bytes) => page(bytes, 0), expect: /database is damaged/ },
    {
      name: 'a page in the middle',
      file: 'minicloud.db',
      damage: (bytes) => page(bytes, 4096 * Math.floor(bytes.length / 8192)),
      expect: /database is damaged/,
    },
    {
      name: 'cut short',
      file: 'minicloud.db',
      damage: (bytes) => bytes.subarray(0, 4096 * 3),
      expect: /database is damaged/,
    },
    {
      name: 'the lock',
      file: 'lock.db',
      damage: () => Buffer.from('hello '.repeat(2000)),
      expect: /lock of the home folder/,
    },
    {
      name: 'the key',
      file: 'secret.key',
      damage: () => Buffer.from('c2hvcnQ=\n'),
      expect: /key of this installation is damaged/,
    },
  ];
  for (const { name, file, damage, expect } of damages) {
    const home = await mkdtemp(path.join(tmpdir(), 'minicloud-damaged-'));
    await cp(used, home, { recursive: true });
    const target = path.join(home, file);
    const broken = damage(await readFile(target));
    await writeFile(target, broken);
    const problem = await problemOf(home);
    assert.match(problem.what, expect, name);
    assert.ok(problem.object.includes(target), name);
    assert.deepEqual(await readFile(target), broken, `${name}: the file was touched`);
    await rm(home, { recursive: true });
  }
  await rm(used, { recursive: true });
});

test('a database of a newer version is left alone', async () => {
  const home = await usedHome();
  const file = new Database(path.join(home, 'minicloud.db'));
  file.exec(
    `INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-from-the-future', '2030-01-01T00:00:00.000Z')`,
  );
  const before = file.prepare('SELECT count(*) AS n FROM events').get();
  const problem = await problemOf(home);
  assert.equal(problem.code, 'conflict');
  assert.match(problem.why, /9999-from-the-future/);
  assert.match(problem.remedy, /newer/);
  assert.deepEqual(file.prepare('SELECT count(*) AS n FROM events').get(), before);
  file.close();
  await rm(home, { recursive: true });
});

test('the home and what is in it is for its owner alone, whatever it was before', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'minicloud-mode-'));
  await chmod(home, 0o777);
  for (const name of ['', ...(await readdir(lab.home))]) {
    // The one file that is meant for everybody.
    if (name === 'root-certificate.pem') continue;
    const { mode } = await stat(path.join(lab.home, name));
    assert.equal(mode & 0o077, 0, `${name || 'home'} has the mode ${(mode & 0o777).toString(8)}`);
  }
  const companion = await startMemoryCompanion({ home });
  assert.equal((await stat(home)).mode & 0o777, 0o700);
  await companion.stop();
  await rm(home, { recursive: true });
});
