/**
 * Converge with nothing to do: what the companion does every minute and after every container that ended. Real
 * database, keys and planner on the in-memory engine and proxy, with Node as the companion sets it. Ten thousand apps,
 * which take minutes to be made, only when `MINICLOUD_BENCH_LONG` is set.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openCloud } from '../../server/src/cloud.ts';
import { readConfig } from '../../server/src/config.ts';
import { type Cloud, systemPrincipal } from '../../server/src/context.ts';
import { convergeAll } from '../../server/src/deploy/converge.ts';
import { startDeploy } from '../../server/src/deploy/deploy.ts';
import { stayLean } from '../../server/src/platform/lean.ts';
import { atMost, type BenchRow, median } from './row.ts';

const sizes = [10, 100, 1000, ...(process.env.MINICLOUD_BENCH_LONG ? [10_000] : [])];
const rounds = 7;
/** A millisecond an app; less than ten of them are not told apart from the rest. */
const mostMsPerApp = 1;
const leastBarMs = 50;

export async function run(): Promise<BenchRow[]> {
  stayLean();
  const home = await mkdtemp(path.join(tmpdir(), 'minicloud-bench-'));
  const config = readConfig(['--home', home, '--engine', 'memory', '--drain-ms', '0'], {});
  const open = await openCloud(config, { version: '0', serverFolder: home, write: () => {} });
  try {
    await open.cloud.proxy.ensure();
    const rows: BenchRow[] = [];
    let made = 0;
    for (const size of sizes) {
      for (; made < size; made += 1) await deployOne(open.cloud, `app-${made}`);
      await convergeAll(open.cloud);
      const times: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const begin = performance.now();
        const differing = await convergeAll(open.cloud);
        times.push(performance.now() - begin);
        if (differing.length > 0) throw new Error(`there was something to do: ${differing.slice(0, 3).join(', ')}`);
      }
      const name = `converge with nothing to do, ${size.toLocaleString('en')} apps`;
      rows.push(atMost({ name, value: median(times), unit: 'ms', most: Math.max(leastBarMs, size * mostMsPerApp) }));
    }
    return rows;
  } finally {
    await open.close();
    await rm(home, { recursive: true, force: true });
  }
}

async function deployOne(cloud: Cloud, name: string): Promise<void> {
  const manifest = `name: ${name}\nimage: example.com/app:1\nexpose:\n- port: 80\n`;
  const { operationId } = await startDeploy(cloud, systemPrincipal, { manifest });
  const { state, problem } = await cloud.operations.finished(operationId);
  if (state !== 'succeeded') throw new Error(`${name} was not deployed: ${problem?.why}`);
}
