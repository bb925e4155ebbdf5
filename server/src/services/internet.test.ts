/** What single containers may ask of the internet: rules of their addresses, in force before they start, gone with them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  componentOf,
  type MemoryCompanion,
  startMemoryCompanion,
  toldBy,
} from '../../../test/harness/memory-companion.ts';
import { createMemoryWorld } from '../adapters/engine/memory-world.ts';
import type { MemoryFirewall } from '../adapters/firewall/memory.ts';
import { holdFirewall } from './firewall.ts';

let companion: MemoryCompanion;
let firewall: MemoryFirewall;
before(async () => {
  companion = await startMemoryCompanion();
  firewall = companion.cloud.firewall as MemoryFirewall;
});
after(() => companion.stop());

const manifest = (name: string) => `name: ${name}\nimage: ${name}:1\nexpose: [{ port: 80 }]\n`;
const sealed = (name: string) => `${manifest(name)}security: { internet: false }\n`;

const closed = `${sealed('closed')}support: { tunnel: { image: "tunnel:1", internet: true }, cache: { image: "cache:1" } }\n`;

test('rules of single containers are there before they start, and go with them, which is no news', async () => {
  const { engine, cloud } = companion;
  const base = firewall.rules();
  const ruled = () => firewall.rules().filter((rule) => !base.includes(rule));
  /** Container → its own rules at the moment it started. */
  const atStart = new Map<string, string[]>();
  engine.world.intercept = async (call, id) => {
    if (call !== 'startContainer') return;
    const info = await engine.inspectContainer(id);
    const [address] = Object.values(info?.addresses ?? {});
    atStart.set(
      `${info?.labels['minicloud.process']}`,
      ruled().filter((rule) => rule.includes(`-s ${address}/32`)),
    );
  };
  const news = await toldBy(companion, async () => {
    for (const image of ['closed:1', 'closed:2'])
      assert.equal((await companion.deploy(closed, image)).state, 'succeeded');
    await holdFirewall(cloud);
  });
  delete engine.world.intercept;
  const ends = (process: string) => atStart.get(process)?.map((rule) => rule.match(/-j .*/)?.[0]);
  assert.deepEqual(ends('web'), ['-j REJECT --reject-with tcp-reset', '-j REJECT --reject-with icmp-port-unreachable']);
  assert.deepEqual(ends('tunnel'), ['-j RETURN']);
  assert.deepEqual(ends('cache'), []);
  assert.equal(ruled().length, 3, 'those of the release before are gone');
  const open = closed.replace('internet: false', 'internet: true').replace(', internet: true', '');
  assert.equal((await companion.deploy(open)).state, 'succeeded');
  assert.equal((await componentOf(companion, 'firewall'))?.state, 'ok', 'containers that went are nothing amiss');
  await holdFirewall(cloud);
  assert.deepEqual([ruled(), news], [[], []]);
});

test('who gets the address of one that had rules of its own is free of them from the start', async () => {
  const { engine } = companion;
  const name = manifest('heir');
  assert.equal((await companion.deploy(sealed('heir'))).state, 'succeeded');
  const [first] = await engine.listContainers({ 'minicloud.app-name': 'heir' });
  const address = Object.values(first?.addresses ?? {})[0];
  assert.ok(address && firewall.rules().some((rule) => rule.includes(`-s ${address}/32`)));
  assert.equal((await companion.deploy(name)).state, 'succeeded');
  assert.equal((await companion.deploy(name, 'heir:2')).state, 'succeeded');
  const [heir] = await engine.listContainers({ 'minicloud.app-name': 'heir' });
  assert.equal(Object.values(heir?.addresses ?? {})[0], address);
  assert.ok(!firewall.rules().some((rule) => rule.includes(`-s ${address}/32`)));
});

test('while the engine is away the rules of single containers stay', async () => {
  const { engine, cloud } = companion;
  const before = firewall.rules();
  assert.equal((await companion.deploy(sealed('kept'))).state, 'succeeded');
  const rules = firewall.rules();
  assert.equal(rules.length, before.length + 2);
  engine.world.intercept = (call) => {
    if (call === 'listContainers') throw new Error('the engine is away');
  };
  firewall.forget();
  await holdFirewall(cloud);
  delete engine.world.intercept;
  assert.deepEqual(firewall.rules(), rules);
});

const ruled = async ({ engine, cloud }: MemoryCompanion, name: string) => {
  const found = await engine.listContainers({ 'minicloud.app-name': name, 'minicloud.role': 'process' });
  const rules = (cloud.firewall as MemoryFirewall).rules();
  return found.map(({ addresses }) => rules.some((rule) => rule.includes(`-s ${Object.values(addresses)[0]}/32`)));
};

test('one whose rule can not be put in force does not start, and what serves goes on', async () => {
  const { world } = companion.engine;
  assert.equal((await companion.deploy(manifest('late'))).state, 'succeeded');
  const ways: Record<string, (call: string) => void> = {
    'the engine does not say that it is there': (call) => {
      if (call === 'listContainers') throw new Error('the engine is slow');
    },
    'the rules can not be set': () => firewall.refuse(),
  };
  for (const [way, work] of Object.entries(ways)) {
    // The first call after it was made, which asks who has rules of their own.
    let made = false;
    world.intercept = (call) => {
      if (made) {
        delete world.intercept;
        work(call);
      }
      made = call === 'createContainer';
    };
    const operation = await companion.deploy(sealed('late'), 'late:2');
    firewall.allow();
    await holdFirewall(companion.cloud);
    assert.deepEqual([operation.state, operation.problem?.code], ['failed', 'not_available'], way);
    assert.match(operation.problem?.what ?? '', /do without the internet was not started/);
    const app = await companion.client.apps.get.query({ name: 'late' });
    assert.deepEqual([app.release, app.state], [1, 'running'], way);
  }
  assert.equal((await companion.deploy(sealed('late'), 'late:2')).state, 'succeeded');
  assert.deepEqual(await ruled(companion, 'late'), [true]);
});

test('a hold under way is awaited: it may put back the rule of one that went', async () => {
  const c = await startMemoryCompanion();
  try {
    const slow = c.cloud.firewall as MemoryFirewall;
    const { apply } = slow;
    const late = Promise.withResolvers<void>();
    slow.apply = async (policy, options) => {
      if (policy.internet?.refused.length) await late.promise;
      return apply(policy, options);
    };
    let made = 0;
    c.engine.world.intercept = (call) => {
      if (call === 'createContainer' && ++made === 2) throw new Error('no space');
    };
    const first = c.deploy(`${sealed('heir')}processes: { web: { command: [run], count: 2 } }\n`);
    setTimeout(() => late.resolve(), 300);
    assert.equal((await first).state, 'failed');
    delete c.engine.world.intercept;
    assert.equal((await c.deploy(manifest('heir'))).state, 'succeeded');
    await holdFirewall(c.cloud);
    assert.deepEqual(await ruled(c, 'heir'), [false]);
  } finally {
    await c.stop();
  }
});

test('what holds for all is set at a start, also while the engine tells no containers; the rules that are there stay', async () => {
  const world = createMemoryWorld();
  let away = true;
  world.intercept = (call) => {
    if (away && call === 'listContainers') throw new Error('the engine is slow');
  };
  const c = await startMemoryCompanion({ world });
  try {
    const rules = (c.cloud.firewall as MemoryFirewall).rules();
    assert.ok(rules.length > 0);
    assert.equal((await componentOf(c, 'firewall'))?.state, 'down', 'and it is told');
    away = false;
    await holdFirewall(c.cloud);
    assert.equal((await componentOf(c, 'firewall'))?.state, 'ok');
  } finally {
    await c.stop();
  }
});

test('where the firewall was switched off its rules go, the keys are refused, also by a rollback', async () => {
  const world = createMemoryWorld();
  const on = await startMemoryCompanion({ world });
  let home: string;
  try {
    assert.equal((await on.deploy(sealed('shop'))).state, 'succeeded');
    assert.equal((await on.deploy(manifest('shop'))).state, 'succeeded');
    assert.equal((await on.deploy(sealed('other'))).state, 'succeeded');
    home = await on.homeIfKilled();
  } finally {
    await on.stop();
  }
  const off = await startMemoryCompanion({ world, home, settings: ['--firewall', 'off'] });
  try {
    assert.ok(off.log.some((line) => /do without the internet can ask it.*other/.test(line)));
    const { diagnostics } = await off.client.plans.create.mutate({ manifest: closed });
    assert.deepEqual(
      diagnostics.map(({ code, path }) => `${code} ${path}`),
      ['manifest/not-available security.internet', 'manifest/not-available support.tunnel.internet'],
    );
    assert.match(diagnostics[0]?.message ?? '', /remove it, or let the server keep its firewall/);
    await assert.rejects(
      off.client.releases.planRollback.mutate({ app: 'shop', version: 1 }),
      /does not do now|internet/,
    );
    await assert.rejects(off.client.releases.rollback.mutate({ app: 'shop', version: 1 }), /does not do now|internet/);
    assert.equal((await off.client.apps.get.query({ name: 'shop' })).release, 2);
  } finally {
    await off.stop();
  }
});
