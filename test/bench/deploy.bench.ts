/**
 * How long a deploy takes, from the command until the new release answers through the proxy, beside the engine's own
 * time for the same container: create, start, first answer. The image is on the machine already.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../server/src/adapters/engine/contract.ts';
import { packContext } from '../../server/src/images/context.ts';
import { type Lab, requireEnv } from '../harness/companion.ts';
import { bareEngine, pollMs } from './bare-engine.ts';
import { minicloud, startBundledLab } from './bundled.ts';
import { type BenchRow, beside, median } from './row.ts';

const rounds = Number(process.env.MINICLOUD_BENCH_ROUNDS ?? 9);
const host = 'bench.localhost';
const port = 8080;
const most = 2;
const imageName = 'minicloud/bench';
const switchesWithinMs = 60_000;

/** Run inside the engine's network namespace: the floor asks containers by their addresses. */
export async function run(): Promise<BenchRow[]> {
  const lab = await startBundledLab();
  const made: string[] = [];
  const folder = await mkdtemp(path.join(tmpdir(), 'minicloud-bench-'));
  try {
    const image = requireEnv('MINICLOUD_TEST_APP_IMAGE');
    const nextManifest = async () => {
      const tag = `${imageName}:${made.length + 1}`;
      await freshImage(lab.engine, tag, `${image}:${(made.length % 3) + 1}`);
      made.push(tag);
      return `name: bench\nimage: ${tag}\nexpose:\n- port: ${port}\nhealthcheck: { path: /healthz, port: ${port} }\n`;
    };
    const byCommand = async () => {
      await writeFile(path.join(folder, 'cloud_manifest.yml'), await nextManifest());
      return untilServed(lab, () => minicloud(lab, ['deploy', folder, '--yes']));
    };
    const byApi = async () => {
      const manifest = await nextManifest();
      return untilServed(lab, () => lab.deploy(manifest));
    };
    const engine = bareEngine(requireEnv('MINICLOUD_TEST_DOCKER'));
    const bare = async () => engine.firstAnswer(await servingContainer(lab), port, '/healthz');

    // Before its first deploy the name has no certificate to be asked under.
    await lab.deploy(await nextManifest());
    for (const warmUp of [byCommand, byApi]) await warmUp();
    await bare();
    const times = { command: [] as number[], api: [] as number[], bare: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      const turns = [
        async () => times.bare.push(await bare()),
        async () => times.command.push(await byCommand()),
        async () => times.api.push(await byApi()),
      ];
      // Each turn at another place in every round, so that whatever else the machine does meets all three.
      for (let turn = 0; turn < turns.length; turn += 1) await turns[(round + turn) % turns.length]?.();
    }
    const floor = median(times.bare);
    const bar = `≤ ${most} × create + start + first answer`;
    return [
      beside({ name: 'deploy: command to new release serving', value: median(times.command), floor, most, bar }),
      beside({ name: 'deploy: API call to new release serving', value: median(times.api), floor, most, bar }),
    ];
  } finally {
    await lab.remove();
    for (const tag of made) await lab.engine.removeImage(tag);
    await rm(folder, { recursive: true, force: true });
  }
}

/** An image that no companion has seen, as every new version of an app is; its layers are those of `from`. */
async function freshImage(engine: Engine, tag: string, from: string): Promise<void> {
  const context = await mkdtemp(path.join(tmpdir(), 'minicloud-bench-'));
  try {
    await writeFile(
      path.join(context, 'Dockerfile'),
      `FROM ${from}\nLABEL minicloud-bench.image="${tag} ${Date.now()}"\n`,
    );
    await engine.buildImage(await packContext(context), tag);
  } finally {
    await rm(context, { recursive: true });
  }
}

/** Milliseconds from the call until a visitor is answered by the release after the one that serves now. */
async function untilServed(lab: Lab, deploy: () => Promise<unknown>): Promise<number> {
  const before = await servedRelease(lab);
  const begin = performance.now();
  const deploying = deploy();
  deploying.catch(() => {});
  let served = before;
  while (served === before) {
    if (performance.now() - begin > switchesWithinMs) break;
    await sleep(pollMs);
    served = await servedRelease(lab);
  }
  const took = performance.now() - begin;
  // What is left of it, such as removing the old container, must not run into what is measured next.
  await deploying;
  const [operation] = await lab.client.operations.list.query({ app: 'bench' });
  if (operation && ['queued', 'running'].includes(operation.state)) await lab.finished(operation.id);
  if (served === before) throw new Error('the new release never served');
  return took;
}

/** 0 while nothing serves. */
async function servedRelease(lab: Lab): Promise<number> {
  const answer = await lab.get(host);
  return answer.status === 200 ? Number((JSON.parse(answer.text) as { release: string }).release) : 0;
}

async function servingContainer(lab: Lab): Promise<string> {
  const [container] = await lab.engine.listContainers({ 'minicloud.app-name': 'bench' });
  if (!container) throw new Error('nothing was deployed');
  return container.id;
}
