/** A plan that fetches nothing: what an editor compares with, without anybody having asked. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import { type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

const manifest = (image: string, more = ''): string => `name: shop\nimage: ${image}\nexpose: [{ port: 80 }]\n${more}`;
let companion: MemoryCompanion;
let pulls: string[];

before(async () => {
  companion = await startMemoryCompanion();
  assert.equal((await companion.deploy(manifest('example.com/shop:1'))).state, 'succeeded');
  pulls = [];
  companion.engine.world.intercept = async (call, object) => {
    if (call === 'pullImage') pulls.push(object);
  };
});
after(() => companion?.stop());

const planned = async (text: string, offline: boolean) => {
  pulls = [];
  const { plan } = await companion.client.plans.create.mutate({ manifest: text, offline });
  assert.ok(plan);
  return plan.changes.filter(({ action }) => action !== 'keep').map(({ object }) => object);
};

test('what the machine has is compared without a question to a registry', async () => {
  assert.deepEqual(await planned(manifest('example.com/shop:1', 'env: { COLOUR: blue }\n'), true), ['variable COLOUR']);
  assert.deepEqual(pulls, []);
  await planned(manifest('example.com/shop:1', 'env: { COLOUR: blue }\n'), false);
  assert.deepEqual(pulls, ['example.com/shop:1'], 'a plan that is to be deployed knows what the registry has');
});

test('an image that is not here is another image, and is not fetched', async () => {
  assert.deepEqual(await planned(manifest('example.com/shop:2'), true), ['image']);
  assert.deepEqual(pulls, []);
});

test('a plan that was made so can not be deployed: its digest was not known', async () => {
  const text = manifest('example.com/shop:3');
  const { plan } = await companion.client.plans.create.mutate({ manifest: text, offline: true });
  await assert.rejects(companion.client.deploys.start.mutate({ manifest: text, planHash: plan?.hash ?? '' }));
});

test('of an app that does not serve and whose image is not here nothing can be told', async () => {
  const text = manifest('example.com/other:1').replace('shop', 'other');
  await assert.rejects(
    companion.client.plans.create.mutate({ manifest: text, offline: true }),
    /image is not on this machine/,
  );
  assert.deepEqual(pulls.length, 1, 'only the deploy above fetched');
});

test('while the registry is silent the plan stays the one that was seen', async () => {
  const before = companion.engine.world.intercept;
  companion.engine.world.intercept = async (call, object) => {
    if (call === 'pullImage')
      throw new ProblemError({
        code: 'registry_unreachable',
        what: 'No pull',
        object,
        why: 'i/o timeout',
        remedy: 'Wait.',
      });
  };
  try {
    const text = manifest('example.com/shop:1', 'env: { COLOUR: red }\n');
    const seen = await companion.client.plans.create.mutate({ manifest: text });
    const again = await companion.client.plans.create.mutate({ manifest: text });
    assert.ok(seen.plan?.notes.some((note) => note.includes('does not answer')));
    assert.equal(again.plan?.hash, seen.plan?.hash);
  } finally {
    companion.engine.world.intercept = before;
  }
});
