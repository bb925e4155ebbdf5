/** A shared server that a deploy would replace is in its plan, with whom it stops for a moment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

const manifest = (app: string) => `name: ${app}\nimage: x:1\nneeds:\n- database\n- database: { env: SECOND_URL }\n`;

test('replacing the shared MariaDB is told with its downtime and the apps that wait', async () => {
  const companion = await startMemoryCompanion();
  try {
    const { mariadb } = companion.cloud.backings;
    const planOf = async (app: string) => {
      const { plan } = await companion.client.plans.create.mutate({ manifest: manifest(app) });
      assert.ok(plan);
      const services = plan.steps.filter(({ kind }) => kind === 'service');
      return { consequence: plan.consequence, services };
    };
    assert.equal((await companion.deploy(manifest('shop'))).state, 'succeeded');
    assert.equal((await planOf('shop')).consequence, 'none');
    mariadb.replaces = async () => true;
    const [first, second] = (await planOf('shop')).services;
    assert.deepEqual(
      [first?.title, first?.consequence, first?.downtimeSeconds],
      ['Replace MariaDB by one with newer settings', 'downtime', 10],
    );
    assert.equal(second, undefined, 'once');
    const fresh = await planOf('blog');
    assert.equal(fresh.consequence, 'downtime');
    assert.match(fresh.services[0]?.title ?? '', /; 1 other app waits for it, too$/);
  } finally {
    await companion.stop();
  }
});
