/**
 * Secrets stay in their places: after deploys, failures, rollbacks and deletes, no password, token or private key is in
 * a log, an event, an operation, an error, a plan, a command line or, in clear, in a file. With an app that prints its own.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createSealer, loadKeys } from '../../server/src/platform/sealer.ts';
import { type Lab, startLab } from '../harness/companion.ts';
import { ask, type MemoryCompanion, startMemoryCompanion } from '../harness/memory-companion.ts';

const needing = (name: string, image: string, more = '') =>
  `name: ${name}\nimage: ${image}\nexpose: [{ port: 8080 }]\nneeds: [database]\n${more}`;

/** Every file below a folder but those in which secrets live by right, as bytes. */
function filesOf(
  home: string,
  but: readonly string[] = ['secret.key', 'root-key.pem', 'ready.json'],
): [string, Buffer][] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !but.includes(entry.name))
    .map((entry) => [path.join(entry.parentPath, entry.name), readFileSync(path.join(entry.parentPath, entry.name))]);
}

/** Arguments of every process there is now. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

/** Looks at all command lines again and again until it is stopped; gives all different ones that were seen. */
function watchCommandLines(): () => Set<string> {
  const seen = new Set<string>();
  const look = () => {
    for (const line of commandLines()) seen.add(line);
  };
  const timer = setInterval(look, 20).unref();
  return () => {
    clearInterval(timer);
    look();
    return seen;
  };
}

/** A secret as it may stand somewhere: as it is, or encoded as URLs, Basic headers and Buffers do. */
function formsOf(secret: string): string[] {
  return [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('hex'),
  ];
}

function assertNone(places: Record<string, string | Buffer>, secrets: Record<string, string>): void {
  for (const [name, secret] of Object.entries(secrets)) {
    assert.ok(secret.length >= 20, `${name} is something to look for`);
    for (const form of formsOf(secret)) {
      for (const [place, content] of Object.entries(places)) {
        const at = content.indexOf(form);
        assert.ok(at < 0, `${name} is in ${place}`);
      }
    }
  }
}

const tables = [
  'settings',
  'tokens',
  'events',
  'operations',
  'apps',
  'releases',
  'domains',
  'certificates',
  'bindings',
  'configs',
  'volumes',
  'request_keys',
];

let companion: MemoryCompanion;
let home: string;
before(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'minicloud-secrets-'));
  companion = await startMemoryCompanion({ home, behaviour: chatty });
});
after(async () => {
  await companion.stop();
  await rm(home, { recursive: true, force: true });
});

/** Prints its environment, as many programs do when they can't start; one of its images then ends. */
function chatty({ env }: { env: Record<string, string> }) {
  const url = env.DATABASE_URL;
  if (url === undefined) return {};
  const { username, password } = new URL(url);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const lines = [
    `connecting to ${url}`,
    `password ${password}, ${encodeURIComponent(password)}, ${base64(password)}`,
    `Authorization: Basic ${base64(`${username}:${password}`)}`,
    JSON.stringify(env),
  ];
  return { logs: lines, errors: lines, ...(env.FAIL === 'yes' ? { exitCode: 1, healthy: false } : {}) };
}

/** Passwords of bindings, by their app. */
async function passwords(): Promise<Record<string, string>> {
  const { db, sealer } = companion.cloud;
  const rows = await db.selectFrom('bindings').selectAll().execute();
  return Object.fromEntries(
    rows.flatMap((row) => {
      const password = sealer.open(row.password_sealed, `bindings|${row.app_id}/${row.service}/${row.env}|password`);
      return [
        [`the database password ${row.name}`, password],
        [`name and password of ${row.name}`, `${row.name}:${password}`],
      ];
    }),
  );
}

test('in memory: nothing that is told, written or shown holds a secret', async () => {
  const stopWatching = watchCommandLines();
  const made = await companion.client.tokens.create.mutate({ name: 'ci', scope: 'read' });
  const told: Record<string, string> = {};
  const keep = async (name: string, answer: Promise<unknown>) => {
    told[name] = JSON.stringify(await answer.catch((error) => ({ error: String(error), data: error?.data })));
  };
  const { client } = companion;
  assert.equal((await companion.deploy(needing('shop', 'shop:1'))).state, 'succeeded');
  const found: Record<string, string> = await passwords();
  assert.equal(Object.keys(found).length, 2);
  await keep('a plan', client.plans.create.mutate({ manifest: needing('shop', 'shop:2') }));
  const failed = await companion.deploy(needing('shop', 'shop:2', 'env: { FAIL: "yes" }\n'));
  assert.equal(failed.state, 'failed');
  assert.match(JSON.stringify(failed.problem?.evidence), /connecting to/, 'the failure shows what the app printed');
  told['the failed operation'] = JSON.stringify(failed);
  const first = await companion.deploy(needing('fresh', 'fresh:1', 'env: { FAIL: "yes" }\n'));
  assert.equal(first.state, 'failed');
  assert.equal((await companion.deploy(needing('shop', 'shop:3'))).state, 'succeeded');
  const { operationId } = await client.releases.rollback.mutate({ app: 'shop' });
  assert.equal((await companion.cloud.operations.finished(operationId)).state, 'succeeded');
  Object.assign(found, await passwords());
  assert.equal(Object.keys(found).length, 4);

  await keep('the log', client.logs.tail.query({ app: 'shop', lines: 1000 }));
  assert.match(
    told['the log'] ?? '',
    /connecting to mysql:\/\/[^"]*\[redacted\]/,
    'the log is there, without the password',
  );
  const followed = await ask(`${companion.url}/trpc/logs.follow?input=${encodeURIComponent('{"app":"shop"}')}`, {
    headers: { authorization: `Bearer ${companion.admin}`, accept: 'text/event-stream' },
    until: (text) => (text.match(/connecting to/g)?.length ?? 0) > 1,
  });
  told['the followed log'] = followed.text;
  await keep('the app', client.apps.get.query({ name: 'shop' }));
  await keep('the apps', client.apps.list.query());
  await keep('the releases', client.releases.list.query({ app: 'shop' }));
  await keep('the operations', client.operations.list.query());
  await keep('the tokens', client.tokens.list.query());
  await keep('the status', client.system.status.query());
  await keep('the facts', client.system.facts.query());
  await keep(
    'a refused deploy',
    client.deploys.start.mutate({ manifest: `${needing('shop', 'shop:1')}colour: red\n` }),
  );
  await keep('an unknown app', client.apps.get.query({ name: 'nothing' }));
  const gone = await client.apps.delete.mutate({ name: 'shop', confirm: 'shop' });
  const deleted = await companion.cloud.operations.finished(gone.operationId);
  told['the deletion'] = JSON.stringify(deleted);
  await keep('all events', companion.cloud.events.after(0, 100_000));

  const { db, sealer } = companion.cloud;
  for (const table of tables)
    told[`table ${table}`] = JSON.stringify(
      await db
        .selectFrom(table as 'apps')
        .selectAll()
        .execute(),
    );
  const certificates = await db.selectFrom('certificates').selectAll().execute();
  assert.ok(certificates.length > 0);
  for (const row of certificates) {
    const lines = sealer.open(row.key_sealed, `certificates|${row.host}|key`).split('\n');
    found[`the private key of ${row.host}`] = lines[1] ?? '';
  }
  found['the private key of the authority'] =
    readFileSync(path.join(home, 'root-key.pem'), 'utf8').split('\n')[1] ?? '';
  found['the key of the installation'] = readFileSync(path.join(home, 'secret.key'), 'utf8').trim();
  found['an administrator token'] = companion.admin;
  found['a token'] = made.value;
  told['the companion’s log'] = companion.log.join('\n');
  told['command lines'] = [...stopWatching()].join('\n');
  assertNone({ ...told, ...Object.fromEntries(filesOf(home)) }, found);
});

test('in memory: after a restart the passwords of before are still known to what must not show them', async () => {
  assert.equal((await companion.deploy(needing('later', 'later:1'))).state, 'succeeded');
  const found = await passwords();
  await companion.stop();
  companion = await startMemoryCompanion({ home, behaviour: chatty });
  const [first = ''] = Object.values(found);
  companion.cloud.log.info('somebody says', { it: first });
  await companion.cloud.events.append({ by: 'me', body: { kind: 'server.changed', what: first } });
  assertNone(
    { log: companion.log.join('\n'), events: JSON.stringify(await companion.cloud.events.after(0, 100_000)) },
    found,
  );
});

test('the search finds what is there', () => {
  const secret = 'abcdefghijklmnopqrstuvwxyz234567';
  for (const form of formsOf(secret)) {
    assert.throws(() => assertNone({ log: `before ${form} after` }, { it: secret }), /it is in log/);
    assert.throws(() => assertNone({ file: Buffer.from(`\0${form}\0`) }, { it: secret }), /it is in file/);
  }
});

test('on the engine: a real app that prints its DATABASE_URL and fails shows it to nobody', async () => {
  const lab: Lab = await startLab({ block: 192 });
  try {
    const stopWatching = watchCommandLines();
    const command = (code: string) => `processes: { web: { command: [node, -e, ${JSON.stringify(code)}] } }\n`;
    const prints = 'console.log(process.env.DATABASE_URL); console.error(JSON.stringify(process.env));';
    const serves = `${prints} require('http').createServer((q, a) => a.end('ok')).listen(8080);`;
    const good = await lab.deploy(needing('vault', 'minicloud-test/app:1', command(serves)));
    assert.equal(good.state, 'succeeded', JSON.stringify(good.problem));
    const failed = await lab.deploy(needing('vault', 'minicloud-test/app:1', command(`${prints} process.exit(3);`)));
    assert.equal(failed.state, 'failed');
    const container = (await lab.engine.listContainers({ 'minicloud.process': 'web' }))[0];
    assert.ok(container);
    const { stdout } = await lab.engine.exec(container.id, ['printenv', 'DATABASE_URL']);
    const sealer = createSealer(await loadKeys(path.join(lab.home, 'secret.key')));
    const root = 'mariadb-root-password';
    const [sealed] = lab.rows<{ value: string }>(`SELECT value FROM settings WHERE name = '${root}'`);
    const secrets = {
      'the database password': new URL(stdout.trim()).password,
      'the root password': sealer.open(sealed?.value ?? '', `settings|${root}|value`),
      'the administrator token': lab.ready.token,
    };
    const told: Record<string, string> = {
      'the failed operation': JSON.stringify(failed),
      'the log': JSON.stringify(await lab.client.logs.tail.query({ app: 'vault', lines: 500 })),
      'the releases': JSON.stringify(await lab.client.releases.list.query({ app: 'vault' })),
      'the companion’s log': lab.log(),
      'command lines': [...stopWatching()].join('\n'),
    };
    assert.match(told['the log'] ?? '', /mysql:/);
    for (const table of tables) told[`table ${table}`] = JSON.stringify(lab.rows(`SELECT * FROM ${table}`));
    assertNone({ ...told, ...Object.fromEntries(filesOf(lab.home)) }, secrets);
  } finally {
    await lab.remove();
  }
});
