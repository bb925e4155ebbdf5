/** The prober counts what a visitor would have met. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion();
});
after(() => companion.stop());

const manifest = 'name: shop\nimage: plain:1\nexpose: [{ port: 80 }]\n';

test('requests that fail during the switch are counted as failed: the proxy answered itself, or nobody did', async () => {
  assert.equal((await companion.deploy(manifest)).state, 'succeeded');
  const { proxy } = companion.cloud;
  const probe = proxy.probe.bind(proxy);
  const failures = [
    { status: 502, address: '', fromProxy: true, error: '' },
    { status: 0, address: '', fromProxy: false, error: 'connection reset' },
  ];
  let asVisitor = 0;
  proxy.probe = async (asked, options) => {
    if (asked.address === undefined) {
      asVisitor += 1;
      return failures[asVisitor - 1] ?? probe(asked, options);
    }
    // The switch lasts until the prober has met both failures and an answer.
    await eventually('three requests of the prober', () => asVisitor > 3);
    return probe(asked, options);
  };
  const operation = await companion.deploy(manifest);
  proxy.probe = probe;
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  const { receipt } = await companion.client.releases.get.query({ app: 'shop', version: 2 });
  assert.equal(receipt?.probes.failed, 2);
  assert.ok(receipt.probes.sent > 3, JSON.stringify(receipt));
});

test('a replica that does not answer through the proxy fails the deploy, and its receipt says how often it was asked', async () => {
  const { proxy } = companion.cloud;
  const probe = proxy.probe.bind(proxy);
  proxy.probe = async () => ({ status: 502, address: '', fromProxy: true, error: '' });
  const operation = await companion.deploy(manifest);
  proxy.probe = probe;
  assert.deepEqual([operation.state, operation.problem?.code], ['failed', 'proxy_failed']);
  const { state, receipt } = await companion.client.releases.get.query({ app: 'shop', version: 3 });
  assert.equal(state, 'failed');
  assert.ok((receipt?.probes.sent ?? 0) > 5, JSON.stringify(receipt));
  assert.equal(receipt?.probes.failed, receipt?.probes.sent);
});
