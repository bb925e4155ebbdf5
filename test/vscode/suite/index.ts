/**
 * The suite that runs inside the extension host: `run` is what VS Code calls, whoever started it. With
 * MINICLOUD_TEST_RESULTS the results go to that file; without it, as on a desktop, a failure is thrown.
 */
import { writeFile } from 'node:fs/promises';
import { activationTests } from './activation.ts';
import { agentTests } from './agents.ts';
import { commandTests } from './commands.ts';
import { connectionTests } from './connections.ts';
import { deployTests } from './deploys.ts';
import { driftTests } from './drift.ts';
import { editingTests } from './editing.ts';
import { endTests } from './ends.ts';
import { importTests } from './imports.ts';
import { languageTests } from './language.ts';
import { manifestTests } from './manifests.ts';
import { retryTests } from './retries.ts';
import { serverTests } from './servers.ts';
import { taskTests } from './tasks.ts';

export type HostTest = () => Promise<void>;
export interface HostResult {
  name: string;
  ms: number;
  error?: string;
}

const testLimitMs = 150_000;

export async function run(): Promise<void> {
  const results: HostResult[] = [];
  // One after the other: they share one workbench.
  for (const [name, test] of Object.entries({
    ...commandTests,
    ...languageTests,
    ...connectionTests,
    ...serverTests,
    ...deployTests,
    ...driftTests,
    ...editingTests,
    ...taskTests,
    ...retryTests,
    ...manifestTests,
    ...importTests,
    ...endTests,
    ...agentTests,
    // Takes the extension down: the last.
    ...activationTests,
  })) {
    results.push(await runOne(name, test));
  }
  const file = process.env.MINICLOUD_TEST_RESULTS;
  if (file) await writeFile(file, JSON.stringify(results));
  const failed = results.filter(({ error }) => error !== undefined);
  if (!file && failed.length > 0) throw new Error(failed.map(({ name, error }) => `${name}\n${error}`).join('\n\n'));
}

async function runOne(name: string, test: HostTest): Promise<HostResult> {
  const started = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${testLimitMs / 1000} s`)), testLimitMs);
  });
  try {
    await Promise.race([test(), limit]);
    return { name, ms: performance.now() - started };
  } catch (error) {
    return {
      name,
      ms: performance.now() - started,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  } finally {
    clearTimeout(timer);
  }
}
