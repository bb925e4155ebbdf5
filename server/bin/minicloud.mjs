#!/usr/bin/env node
/**
 * `minicloud`: the companion for `serve` and `uninstall`, the command line for everything else. The bundle where there is one, the
 * sources otherwise. Runs on whatever Node a machine has, and hands over to the Node 24 of the workspace when that is older.
 */
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const wantedNode = 24;
const server = path.dirname(path.dirname(realpathSync(fileURLToPath(import.meta.url))));
const reordered = commandFirst(process.argv.slice(2));
/** What works on this machine itself instead of asking a companion. */
const local = ['serve', 'uninstall'].includes(reordered[0] ?? '');
const words = local ? reordered : process.argv.slice(2);
const [bundle, source] = local ? ['dist/companion.js', 'src/main.ts'] : ['dist/cli.js', 'src/cli/main.ts'];
const entry = [bundle, source].map((file) => path.join(server, file)).find((file) => existsSync(file));

if (entry === undefined)
  fail('The command is not complete', server, 'Neither the bundle nor the sources are there.', 'Install it again.');
else if (Number(process.versions.node.split('.')[0]) >= wantedNode) {
  process.argv = [process.argv[0] ?? '', entry, ...words];
  // What was compiled once is read the next time: a command has much to load and little to do. In a folder of our
  // own, not in the one under /tmp that others could fill. The companion starts too seldom for it.
  if (!local) {
    const caches = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
    module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE || path.join(caches, 'minicloud/node'));
  }
  await import(pathToFileURL(entry).href);
} else handOver(entry);

/** The command may stand behind options that every command has; of those, one takes a value. */
function commandFirst(given) {
  let at = 0;
  while (given[at]?.startsWith('-')) at += given[at] === '--api-url' ? 2 : 1;
  const command = given[at];
  const before = given.slice(0, at);
  if (command === undefined || before.some((word) => word === '--version' || word === '-V')) return given;
  return [command, ...before, ...given.slice(at + 1)];
}

/** The newer Node gets our arguments and our terminal; signals reach both, and only its end counts. */
function handOver(file) {
  const node = path.join(server, '../node_modules/node/bin/node');
  if (!existsSync(node)) {
    fail(
      'This Node is too old',
      process.version,
      `Minicloud needs ${wantedNode} or newer.`,
      'Install it, or run `npm start` in the checkout once.',
    );
    return;
  }
  const child = spawn(node, [file, ...words], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to the child too; what is sent to us alone is passed on.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail('The command could not be started', node, error.message, 'Install it again.'));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exitCode = code ?? 1;
    else {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
  });
}

function fail(what, object, why, remedy) {
  process.stderr.write(`${what}: ${object}\n  why    ${why}\n  do     ${remedy}\n`);
  process.exitCode = 1;
}
