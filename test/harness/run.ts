/**
 * `npm test`: runs every suite, fast ones first, and ends with one line: `N passed, N failed, N skipped`.
 * `npm test -- unit` runs one suite, `npm test -- e2e deploy` the files of a suite whose path holds a word.
 * Fails when a test fails, is skipped or is a todo, and when a suite or a file ran no test at all.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './engine.ts';
import { beginPreparations } from './preparations.ts';
import { endAll, run } from './process.ts';
import { eventPrefix, type WireEvent } from './reporter.ts';
import { filesOnDisk, type Selected, type Suite, selectSuites, unanswered } from './suites.ts';
import { createTally, lastLine, succeeded, type Tally } from './tally.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const say = (line: string) => console.log(line);
const args = process.argv.slice(2).filter((word) => word !== '--');

// Hundreds of processes load the same files: what one of them compiled serves the others, and this run only.
const compiled = path.join(cacheFolder(), 'compiled');
rmSync(compiled, { recursive: true, force: true });

const tally = createTally(root, say);
const { selected, unknown } = selectSuites(args, filesOnDisk(root));
const needs = new Set(selected.flatMap(({ suite, files }) => (files.length > 0 ? suite.needs : [])));
const preparations = beginPreparations([...needs], root, (line) => say(`  ${line}`));
let ending = false;

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, async () => {
    if (ending) return;
    ending = true;
    say(`\nended by ${signal}; cleaning up`);
    await endAll();
    await preparations.close();
    process.exit(code);
  });
}

for (const word of unknown) tally.add(`arguments: no suite or test file is called "${word}"`, false, 0);

for (const choice of selected) {
  if (ending) break;
  say(`\n${choice.suite.name}`);
  const before = { ...tally.counts };
  const started = performance.now();
  try {
    await runSuite(choice, tally);
  } catch (error) {
    tally.add(
      `${choice.suite.name}: could not be run`,
      false,
      0,
      String(error instanceof Error ? error.message : error).split('\n'),
    );
  }
  const ran = Object.keys(before).some(
    (key) => tally.counts[key as keyof typeof before] !== before[key as keyof typeof before],
  );
  if (!ran) tally.add(`${choice.suite.name}: the suite ran no test`, false, 0);
  say(`  ${choice.suite.name} took ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

await preparations.close();
if (!ending) {
  if (tally.failures.length > 0) say(`\nFailed:\n${tally.failures.map((name) => `  ${name}`).join('\n')}`);
  say(`\n${lastLine(tally.counts)}`);
  process.exitCode = succeeded(tally.counts) ? 0 : 1;
}

async function runSuite({ suite, files }: Selected, into: Tally): Promise<void> {
  if (suite.name === 'static') return runStatic(into);
  if (files.length === 0) return;
  const { env, enter } = suite.needs.length > 0 ? await preparations.ready(suite.needs) : { env: {}, enter: [] };
  // One after the other where only one may run: then a file that hangs takes no other down with it.
  const isAlone = (file: string) => suite.concurrency === 1 || suite.alone?.some((word) => file.includes(word));
  const together = files.filter((file) => !isAlone(file));
  const batches = [...(together.length > 0 ? [together] : []), ...files.filter(isAlone).map((file) => [file])];
  into.names.clear();
  for (const batch of batches)
    if (!ending)
      await runFiles(suite, batch, { env: { NODE_COMPILE_CACHE: compiled, ...process.env, ...env }, enter, into });
  if (ending) return;
  for (const pattern of unanswered({ suite, files }, filesOnDisk(root)(suite), into.names))
    into.add(`${suite.name}: no test is called ${pattern}`, false, 0);
}

async function runFiles(
  suite: Suite,
  files: readonly string[],
  { env, enter, into }: { env: NodeJS.ProcessEnv; enter: readonly string[]; into: Tally },
): Promise<void> {
  const argv = [
    ...enter,
    process.execPath,
    '--test',
    `--test-reporter=${path.join(root, 'test/harness/reporter.ts')}`,
    '--test-reporter-destination=stdout',
    `--test-concurrency=${suite.concurrency}`,
    `--test-timeout=${suite.testTimeoutMs}`,
    ...(suite.tests ?? []).map((pattern) => `--test-name-pattern=${pattern}`),
    ...files,
  ];
  const failedBefore = into.counts.failed;
  const stray: string[] = [];
  let last = 'its start';
  let lastNews = performance.now();
  const silent = setInterval(() => {
    if (performance.now() - lastNews < suite.silenceMs) return;
    clearInterval(silent);
    const name = `${files.join(' ')}: nothing was heard for ${suite.silenceMs / 60_000} minutes after ${last}; it was ended`;
    into.add(name, false, 0);
    void endAll();
  }, 1000);
  const finished = await run(argv, {
    cwd: root,
    env,
    timeoutMs: 3 * 3_600_000,
    onLine: (line) => {
      lastNews = performance.now();
      const at = line.indexOf(eventPrefix);
      if (at < 0) {
        if (line.trim()) stray.push(line);
        return;
      }
      const event = JSON.parse(line.slice(at + eventPrefix.length)) as WireEvent;
      if (event.name) last = `"${event.name}"`;
      into.take(event);
    },
  });
  clearInterval(silent);
  if (ending) return;
  into.finish(files);
  // Node's own verdict counts too: a crash of the runner must not look like success.
  const told = into.counts.failed > failedBefore;
  if (finished.code !== 0 && !told)
    into.add(`${files.join(' ')}: the test runner ended with ${finished.code}`, false, 0, stray.slice(-40));
  else if (told) for (const line of stray.slice(-40)) say(`       | ${line}`);
}

/** Type check, lint and format: programs whose verdict is one test each. */
async function runStatic(into: Tally): Promise<void> {
  const bin = (name: string) => path.join(root, 'node_modules/.bin', name);
  const checks = [
    { name: 'types (tsc)', argv: [bin('tsc'), '-p', root, '--pretty', 'false'] },
    {
      name: 'lint and format (biome)',
      argv: [bin('biome'), 'check', '--error-on-warnings', '--colors=off', '--max-diagnostics=40', root],
    },
  ];
  for (const check of checks) {
    const started = performance.now();
    const { code, output } = await run(check.argv, { cwd: root, timeoutMs: 300_000 });
    into.add(check.name, code === 0, performance.now() - started, output.split('\n'));
  }
}
