/**
 * `npm run bench [-- WORDS]`: runs the benchmarks `test/bench/*.bench.ts` inside a test engine's network namespace,
 * prints a table and writes `test/bench/results.json`: an array of rows, in which some benchmarks alone replace theirs.
 * Fails when a bar is missed or a benchmark could not be run.
 */
import { globSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startTestDocker } from '../harness/docker.ts';
import { cacheFolder, type TestEngine } from '../harness/engine.ts';
import { prepareImages } from '../harness/images.ts';
import { ensurePackages } from '../harness/packages.ts';
import { endAll, run } from '../harness/process.ts';
import { writeResults } from './results.ts';
import type { BenchRow } from './row.ts';

const folder = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(folder, '../..');
const words = process.argv.slice(2).filter((word) => word !== '--');
const say = (line: string) => console.log(line);

process.exitCode = process.env.MINICLOUD_TEST_NETNS ? await collect() : await enter();

/** Makes the engine and runs this program again inside its namespace. */
async function enter(): Promise<number> {
  let engine: TestEngine | undefined;
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, async () => {
      await endAll();
      await engine?.close();
      process.exit(code);
    });
  }
  await ensurePackages(['engine', 'load'], say);
  engine = await startTestDocker(say);
  try {
    const env = { ...process.env, MINICLOUD_TEST_CACHE: cacheFolder(), ...(await prepareImages(engine, root, say)) };
    const argv = [...engine.namespace.enter, process.execPath, fileURLToPath(import.meta.url), ...words];
    return (await run(argv, { cwd: root, env, timeoutMs: 2 * 3_600_000, onLine: say })).code;
  } finally {
    await engine.close();
  }
}

async function collect(): Promise<number> {
  const files = globSync('*.bench.ts', { cwd: folder })
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();
  const rows: BenchRow[] = [];
  const failures: string[] = [];
  for (const file of files) {
    say(`\n${file}`);
    try {
      const loaded: unknown = await import(pathToFileURL(path.join(folder, file)).href);
      for (const row of await (loaded as { run(): Promise<BenchRow[]> }).run()) {
        rows.push(row);
        say(`  ${line(row)}`);
      }
    } catch (error) {
      failures.push(file);
      say(`  could not be run: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
    }
  }
  writeResults(path.join(folder, 'results.json'), rows, words.length > 0);
  const [cpu] = os.cpus();
  say(`\n${os.cpus().length} × ${cpu?.model}, ${Math.round(os.totalmem() / 2 ** 20)} MB, Node ${process.version}`);
  const missed = rows.filter((row) => !row.ok);
  say(`${rows.length} measured, ${missed.length} below their bar, ${failures.length} not run`);
  return files.length > 0 && rows.length > 0 && missed.length + failures.length === 0 ? 0 : 1;
}

function line({ name, value, unit, reference, ratio, bar, ok }: BenchRow): string {
  const beside = reference === undefined ? '' : `${round(reference)} ${unit}`;
  const times = ratio === undefined ? '' : `× ${ratio.toFixed(2)}`;
  const columns = [ok ? 'ok  ' : 'MISS', name.padEnd(46), `${round(value)} ${unit}`.padStart(14)];
  return [...columns, beside.padStart(14), times.padStart(8), `  ${bar}`].join(' ');
}

function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
