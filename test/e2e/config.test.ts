/**
 * Config vars and secrets on the engine: containers really have them, a change is a release that drops no request, a
 * rollback brings them back, and no value is anywhere else. And the key that they are sealed with, changed under `kill -9`.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lab, startLab } from '../harness/companion.ts';

const app = 'kept';
const prints = 'console.log(JSON.stringify(process.env)); console.error(process.env.KEY);';
const serves = `${prints} require('http').createServer((q, a) => a.end('ok')).listen(8080);`;
const manifest = (code: string) =>
  `name: ${app}\nimage: minicloud-test/app:1\nexpose: [{ port: 8080 }]\nsecrets: [KEY]\nenv: { COLOUR: manifest }\n` +
  `processes: { web: { command: [node, -e, ${JSON.stringify(code)}] } }\n`;
const made = () => `value-${randomBytes(16).toString('hex')}`;

/** What a replica that runs has in its environment, as a program in it sees it. */
async function inside(lab: Lab, name: string): Promise<string> {
  const found = await lab.engine.listContainers({ 'minicloud.process': 'web' });
  const running = found.filter(({ state }) => state === 'running');
  assert.equal(running.length, 1);
  return (await lab.engine.exec(running[0]?.id ?? '', ['printenv', name])).stdout.trim();
}

/** Looks at the arguments of all processes until it is stopped; gives all that it saw. */
function watchArguments(): () => string {
  const seen = new Set<string>();
  const look = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  const timer = setInterval(look, 20).unref();
  return () => {
    clearInterval(timer);
    look();
    return [...seen].join('\n');
  };
}

test('from setting to a rollback: the container has the value, and nobody else', async () => {
  const lab = await startLab({ block: 64 });
  try {
    const stopWatching = watchArguments();
    const { client } = lab;
    const told: Record<string, string | Buffer> = {};
    const values = { KEY: made(), API_TOKEN: made(), again: made(), broken: made() };
    const set = async (input: Omit<Parameters<typeof client.config.set.mutate>[0], 'app'>) => {
      const done = await client.config.set.mutate({ app, ...input });
      return { ...done, state: done.operation === undefined ? '' : (await lab.finished(done.operation)).state };
    };
    await set({
      create: true,
      set: [
        { name: 'KEY', value: values.KEY, kind: 'secret' },
        { name: 'API_TOKEN', value: values.API_TOKEN, kind: 'config' },
        { name: 'COLOUR', value: 'server', kind: 'config' },
      ],
    });
    told['a plan'] = JSON.stringify(await client.plans.create.mutate({ manifest: manifest(serves) }));
    assert.match(told['a plan'], /"secret KEY"/);
    const first = await lab.deploy(manifest(serves));
    assert.equal(first.state, 'succeeded', JSON.stringify(first.problem));
    assert.deepEqual(
      [await inside(lab, 'KEY'), await inside(lab, 'API_TOKEN'), await inside(lab, 'COLOUR')],
      [values.KEY, values.API_TOKEN, 'server'],
    );

    // Visitors come all the while.
    const statuses: number[] = [];
    let visiting = true;
    const visitor = (async () => {
      while (visiting) {
        statuses.push((await lab.get(`${app}.localhost`)).status);
        await sleep(20);
      }
    })();
    const changed = await set({ set: [{ name: 'KEY', value: values.again, kind: 'secret' }], unset: ['COLOUR'] });
    visiting = false;
    await visitor;
    assert.deepEqual([changed.state, changed.changed], ['succeeded', ['COLOUR', 'KEY']]);
    assert.ok(statuses.length > 5);
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.deepEqual([await inside(lab, 'KEY'), await inside(lab, 'COLOUR')], [values.again, 'manifest']);
    const [newest] = await client.releases.list.query({ app });
    assert.deepEqual([newest?.version, newest?.state, newest?.reason], [2, 'current', 'config: set KEY; unset COLOUR']);
    assert.equal(newest?.receipt?.probes.failed, 0);

    const failed = await lab.deploy(manifest(`${prints} process.exit(3);`));
    assert.equal(failed.state, 'failed');
    told['a failed deploy'] = JSON.stringify(failed);
    told['a refused change'] = await client.config.set
      .mutate({ app, set: [{ name: 'MINICLOUD_X', value: values.broken, kind: 'config' }] })
      .then(
        () => 'done',
        (error) => JSON.stringify({ error: String(error), data: error?.data }),
      );
    assert.match(told['a refused change'], /Minicloud sets/);

    const plan = await client.releases.planRollback.mutate({ app, version: 1 });
    told['the plan of the rollback'] = JSON.stringify(plan);
    const { operationId } = await client.releases.rollback.mutate({ app, version: 1, planHash: plan.hash });
    assert.equal((await lab.finished(operationId)).state, 'succeeded');
    assert.deepEqual([await inside(lab, 'KEY'), await inside(lab, 'COLOUR')], [values.KEY, 'server']);

    // Killed and started again, with the key changed before: it is all still there.
    assert.ok((await client.keys.rotate.mutate()).values >= 4);
    await lab.stop('SIGKILL');
    await lab.start();
    const { entries } = await lab.client.config.list.query({ app });
    assert.deepEqual(
      entries.map(({ name, used }) => [name, used]),
      [
        ['API_TOKEN', true],
        ['COLOUR', true],
        ['KEY', true],
      ],
    );
    const once = await lab.deploy(manifest(serves));
    assert.equal(once.state, 'succeeded');
    assert.equal(await inside(lab, 'KEY'), values.KEY);

    told['the log of the app'] = JSON.stringify(await lab.client.logs.tail.query({ app, lines: 1000 }));
    assert.match(told['the log of the app'], /redacted/);
    told['the log of the companion'] = lab.log();
    told['arguments of programs'] = stopWatching();
    for (const table of ['events', 'operations', 'releases', 'configs', 'request_keys', 'settings'])
      told[`table ${table}`] = JSON.stringify(lab.rows(`SELECT * FROM ${table}`));
    for (const entry of readdirSync(lab.home, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name);
      if (entry.isFile()) told[file] = readFileSync(file);
    }
    for (const [name, value] of Object.entries(values))
      for (const form of [value, Buffer.from(value).toString('base64').replace(/=+$/, '')])
        for (const [place, text] of Object.entries(told)) assert.ok(!text.includes(form), `${name} is in ${place}`);
  } finally {
    await lab.remove();
  }
});

for (const step of ['both-keys', 'new-key', 'sealed settings', 'sealed bindings', 'sealed configs', 'one-key']) {
  test(`the key is changed: killed after “${step}”, everything opens and the old key goes`, async () => {
    const lab = await startLab({ engine: 'memory', crashpoint: `keys.${step}:after` });
    try {
      const value = made();
      const text = 'name: sealed\nimage: x:1\nexpose: [{ port: 80 }]\nneeds: [database]\nsecrets: [KEY]\n';
      await lab.client.config.set.mutate({
        app: 'sealed',
        create: true,
        set: [{ name: 'KEY', value, kind: 'secret' }],
      });
      assert.equal((await lab.deploy(text)).state, 'succeeded');
      const before = readFileSync(path.join(lab.home, 'secret.key'), 'utf8').trim();
      await assert.rejects(lab.client.keys.rotate.mutate());
      await lab.ended();
      await lab.start({ env: { MINICLOUD_CRASHPOINT: '' } });
      const keys = readFileSync(path.join(lab.home, 'secret.key'), 'utf8').trim().split('\n');
      assert.equal(keys.length, 1);
      assert.notEqual(keys[0], before);
      const { changed } = await lab.client.config.set.mutate({
        app: 'sealed',
        set: [{ name: 'KEY', value, kind: 'secret' }],
      });
      assert.deepEqual(changed, [], 'it is the value that was stored');
      assert.equal((await lab.deploy(text)).state, 'succeeded');
    } finally {
      await lab.remove();
    }
  });
}
