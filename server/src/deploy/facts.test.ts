/** Who asks the shared servers: editors, one question for all of them; a plan never. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { factsForEditors } from './facts.ts';

let companion: MemoryCompanion;
let asked: number;
let answer: PromiseWithResolvers<void>;
before(async () => {
  companion = await startMemoryCompanion();
  const backing = companion.cloud.backings.mariadb;
  const status = backing.status.bind(backing);
  backing.status = async (call) => {
    asked += 1;
    await answer.promise;
    return status(call);
  };
});
after(() => companion.stop());

test('a plan asks no shared server', async () => {
  asked = 0;
  answer = Promise.withResolvers();
  const { plan } = await companion.client.plans.create.mutate({ manifest: 'name: shop\nimage: shop:1\n' });
  assert.equal(plan?.app, 'shop');
  assert.equal(asked, 0);
});

test('editors that ask at once share one question, and the next one is asked anew', async () => {
  asked = 0;
  answer = Promise.withResolvers();
  const both = [factsForEditors(companion.cloud), factsForEditors(companion.cloud)];
  answer.resolve();
  for (const facts of await Promise.all(both))
    assert.deepEqual(
      facts.services?.map(({ engine }) => engine),
      ['mariadb'],
    );
  assert.equal(asked, 1);
  await companion.client.system.facts.query();
  assert.equal(asked, 2);
});
