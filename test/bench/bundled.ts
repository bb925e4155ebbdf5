/** The programs as people run them: bundles, started as processes of their own. */
import path from 'node:path';
import { buildServer, bundlePath } from '../../server/setup/build.ts';
import { leanEnvironment } from '../../server/src/platform/lean.ts';
import { type Lab, startLab } from '../harness/companion.ts';
import { must } from '../harness/process.ts';

export const root = path.resolve(import.meta.dirname, '../..');

const say = (line: string) => console.log(`  ${line}`);
const commandMs = 120_000;

/** A companion from the bundle on the test engine, with networks in a block that no suite uses. */
export async function startBundledLab(): Promise<Lab> {
  return startLab({ entry: await bundledCompanion(), block: 192, env: leanEnvironment });
}

/** The companion's bundle, made when sources are newer. */
export async function bundledCompanion(): Promise<string> {
  await buildServer(root, say);
  return bundlePath(root, 'companion');
}

/** One run of `minicloud` against the lab, as it is typed. Throws with its output when it does not succeed. */
export async function minicloud(lab: Lab, words: readonly string[]): Promise<string> {
  const env = { ...process.env, MINICLOUD_API_URL: lab.ready.apiUrl, MINICLOUD_TOKEN: lab.ready.token };
  const program = path.join(root, 'server/bin/minicloud.mjs');
  return must([process.execPath, program, ...words], commandMs, env);
}
