/** The words of `minicloud uninstall`, the question, and the order in which things go. */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { ProblemError } from 'minicloud-shared/model/problem';
import { type CloudParts, openCloud } from './cloud.ts';
import { type Config, homePaths, readConfig, settingLines } from './config.ts';
import { type Found, findInstallation, removeHome, removeInstallation, shownBeforehand } from './uninstall.ts';

const exit = { ok: 0, usage: 2, interrupted: 130 } as const;
/** For a thousand apps that all take their time to end. */
const deadlineMs = 60 * 60_000;

/** Exit code. Throws a problem when the companion runs, there is no installation, or a part could not be removed. */
export async function runUninstall(args: string[], parts: CloudParts): Promise<number> {
  const { words, rest } = ownWords(args);
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`${help.join('\n')}\n${settingLines().join('\n')}\n`);
    return exit.ok;
  }
  process.umask(0o077);
  const config = readConfig(rest, process.env);
  demandInstallation(config);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const signal = AbortSignal.timeout(deadlineMs);
  const open = await openCloud(config, parts);
  let found: Found;
  try {
    found = await findInstallation(open.cloud, signal);
    const shown = shownBeforehand(found, words.withData);
    if (words.confirm === undefined || !words.json) for (const line of shown) say(line);
    const answer = words.confirm ?? (await ask(found));
    if (answer !== found.installation && answer !== hostname()) {
      say(notConfirmed(words.confirm, found));
      return words.confirm === undefined && asks() ? exit.interrupted : exit.usage;
    }
    await removeInstallation(open.cloud, found, { withData: words.withData, say: words.json ? () => {} : say, signal });
  } finally {
    await open.close();
  }
  const left = words.withData ? await removeHome(config) : [];
  if (words.json) process.stdout.write(`${JSON.stringify(outcome(found, words.withData, left))}\n`);
  else for (const line of ending(config, words.withData, left)) process.stdout.write(`${line}\n`);
  return exit.ok;
}

interface Words {
  confirm: string | undefined;
  withData: boolean;
  json: boolean;
}

/** What is said to `uninstall`; the rest are settings, as for `serve`. */
function ownWords(args: string[]): { words: Words; rest: string[] } {
  const words: Words = { confirm: undefined, withData: false, json: false };
  const rest: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (word === '--with-data') words.withData = true;
    else if (word === '--json') words.json = true;
    else if (word.startsWith('--confirm=')) words.confirm = word.slice('--confirm='.length);
    else if (word === '--confirm') {
      at += 1;
      words.confirm = args[at] ?? '';
    } else rest.push(word);
  }
  return { words, rest };
}

/** Opening a home makes one; there is nothing to take away from a new one. */
function demandInstallation(config: Config): void {
  if (existsSync(homePaths(config.home).database)) return;
  throw new ProblemError({
    code: 'not_found',
    what: 'There is no installation to take away',
    object: `--home ${config.home}`,
    why: 'The folder holds no database of Minicloud.',
    still: 'Nothing was changed.',
    remedy: 'Give the folder that `minicloud serve` was given, with --home or MINICLOUD_HOME.',
  });
}

function asks(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

async function ask({ installation }: Found): Promise<string | undefined> {
  if (!asks()) return undefined;
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await reader.question(`Type ${installation} or ${hostname()} to go on: `)).trim();
  } finally {
    reader.close();
  }
}

function notConfirmed(given: string | undefined, { installation }: Found): string {
  const why = given === undefined ? 'It was not confirmed' : `${JSON.stringify(given.slice(0, 60))} is neither`;
  return `${why}. Nothing was changed. To go on: --confirm ${installation}, or --confirm ${hostname()}`;
}

function outcome(found: Found, withData: boolean, left: string[]) {
  return {
    installation: found.installation,
    containers: found.containers.length + found.platform.length,
    networks: found.networks.length,
    volumes: withData ? found.volumes.length : 0,
    data: withData ? 'removed' : 'kept',
    left,
  };
}

function ending(config: Config, withData: boolean, left: string[]): string[] {
  if (!withData)
    return [
      `Minicloud is off this machine. Its data is kept: \`minicloud serve --home ${config.home}\` brings it back.`,
    ];
  if (left.length === 0) return ['Minicloud and its data are off this machine.'];
  return [
    'Minicloud and its data are off this machine.',
    `${config.home} stays, for what Minicloud did not put there: ${left.slice(0, 10).join(', ')}`,
  ];
}

const help = [
  'Usage: minicloud uninstall [--confirm NAME] [--with-data] [--json] [--SETTING VALUE…]',
  '',
  'Takes this installation off the machine: containers, networks, firewall chains. Volumes, databases and the home folder',
  'stay unless --with-data is given. NAME is the installation or the name of this machine. The companion must not run.',
  '',
  'Settings, as for `minicloud serve`, with their environment variables:',
  '',
];
