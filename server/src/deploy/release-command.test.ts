/** The time that a release command may take is its own, however slow the engine is. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import type { Engine } from '../adapters/engine/contract.ts';

const limitMs = 1000;
const manifest = (mode: string) =>
  `name: shop\nimage: shop:1\nrelease: { command: [${mode}], timeout: ${limitMs}ms }\nenv: { MODE: ${mode} }\n`;

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion({
    behaviour: ({ command, env }) => (command?.[0] === env.MODE && env.MODE === 'ends' ? { exitCode: 0 } : {}),
  });
});
after(() => companion.stop());

const slowCalls: (keyof Engine)[] = ['startContainer', 'inspectContainer', 'removeContainer'];
for (const slow of slowCalls) {
  test(`one that ends in time is done, though the engine takes long for ${slow}`, async () => {
    companion.engine.world.intercept = async (call) => {
      if (call === slow) await sleep(limitMs + 200);
    };
    const operation = await companion.deploy(manifest('ends'));
    delete companion.engine.world.intercept;
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  });
}

test('one that does not end is told as that, and not as cancelled', async () => {
  companion.engine.world.intercept = async (call) => {
    if (call === 'startContainer') await sleep(limitMs + 200);
  };
  const operation = await companion.deploy(manifest('stays'));
  delete companion.engine.world.intercept;
  assert.deepEqual([operation.state, operation.problem?.code], ['failed', 'release_command_failed']);
  assert.match(operation.problem?.why ?? '', /did not end within 1 s/);
});
