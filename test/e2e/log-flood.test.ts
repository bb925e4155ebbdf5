/** Apps that print as fast as they can, followed by readers that are slow or do not read at all, and deployed meanwhile. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { leanEnvironment } from '../../server/src/platform/lean.ts';
import { bundledCompanion } from '../bench/bundled.ts';
import { type Lab, startLab } from '../harness/companion.ts';

/** It was 260 MB, and grew with every deploy, before reading was bounded; it is 170 MB. */
const mostResidentMb = 230;

let lab: Lab;
before(async () => {
  lab = await startLab({ entry: await bundledCompanion(), env: leanEnvironment });
});
after(() => lab.remove());

const manifest = (round: number) => `name: shop
image: minicloud-test/app:1
expose: [{ port: 8080 }]
env: { ROUND: "${round}" }
processes:
  web: {}
  chatter: { command: [yes, ${'x'.repeat(80)}], count: 2 }
`;

function follow(stalled: boolean): { sent: ClientRequest; got: () => number } {
  let bytes = 0;
  const input = encodeURIComponent(JSON.stringify({ app: 'shop', lines: 10_000 }));
  const headers = { authorization: `Bearer ${lab.ready.token}`, accept: 'text/event-stream' };
  const sent = request(`${lab.ready.apiUrl}/trpc/logs.follow?input=${input}`, { agent: false, headers }, (answer) => {
    answer.on('error', () => {});
    if (stalled) answer.pause();
    else
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
  });
  sent.on('error', () => {});
  sent.end();
  return { sent, got: () => bytes };
}

const mostMb = () => {
  const status = readFileSync(`/proc/${lab.process().pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024;
};

test('floods, stalled readers and deploys leave the companion small and answering', async () => {
  const first = await lab.deploy(manifest(0));
  assert.equal(first.state, 'succeeded', JSON.stringify(first.problem));
  const readers = [true, true, true, false, false, false].map(follow);
  try {
    await sleep(10_000);
    // Those that read get on, on a slow machine too.
    const reading = readers.slice(3);
    const end = performance.now() + 120_000;
    while (!reading.every(({ got }) => got() > 50_000)) {
      assert.ok(performance.now() < end, `they read ${reading.map(({ got }) => got())} bytes`);
      await sleep(100);
    }
    for (const round of [1, 2, 3]) {
      const operation = await lab.deploy(manifest(round));
      assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
      await lab.client.system.info.query();
    }
    const most = mostMb();
    assert.ok(most < mostResidentMb, `${Math.round(most)} MB at most`);
  } finally {
    for (const { sent } of readers) sent.destroy();
  }
});
