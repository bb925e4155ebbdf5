/** `minicloud serve` and `minicloud uninstall`: the companion as a process, and its end on this machine. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addServerLink } from 'minicloud-shared/model/access';
import { problemLines, toProblem } from 'minicloud-shared/model/problem';
import { firstAdministratorCode } from './access/codes.ts';
import { type Companion, startCompanion } from './companion.ts';
import { type Config, exitCodeOf, readConfig, settingLines } from './config.ts';
import { keepReady } from './ready.ts';

const serverFolder = fileURLToPath(new URL('..', import.meta.url));

async function main(args: string[]): Promise<number | undefined> {
  const [command, ...rest] = args;
  if (command === 'uninstall') {
    const { runUninstall } = await import('./uninstall-command.ts');
    return runUninstall(rest, { version: await version(), serverFolder });
  }
  if (command !== 'serve' || rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`${help()}\n`);
    return command === 'serve' || command === undefined ? 0 : 2;
  }
  process.umask(0o077);
  // Whoever read our log may be gone: that is no reason to end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const config = readConfig(
    rest.filter((word) => word !== '--json'),
    process.env,
  );
  // From the first moment: the API takes deploys while this still starts.
  const stopping = stopSignal();
  const parts = { version: await version(), serverFolder, logFormat: json ? ('json' as const) : ('text' as const) };
  const companion = await startCompanion(config, parts, stopping).catch((error) => {
    if (stopping.aborted) process.exit(0);
    throw error;
  });
  const stop = () => {
    companion.cloud.log.info('stopping; apps keep serving');
    void companion.stop().then(() => process.exit(0));
  };
  stopping.addEventListener('abort', stop, { once: true });
  if (config.ready !== undefined) await keepReady(companion.cloud, companion.apiUrl, config.ready);
  const facts = await serving(companion, config);
  for (const line of json ? [JSON.stringify(facts)] : servingLines(facts)) process.stdout.write(`${line}\n`);
  return undefined;
}

/** Aborted by the first signal to end. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => controller.abort());
  return controller.signal;
}

/** What who starts it has to know. The code is worth nothing once it was used, and after five minutes. */
async function serving({ cloud, apiUrl }: Companion, { home, ready }: Config): Promise<Serving> {
  const code = await firstAdministratorCode(cloud);
  return {
    apiUrl,
    home,
    ...(ready === undefined ? {} : { ready: resolve(ready) }),
    ...(code && {
      firstAdministrator: { code: code.code, link: addServerLink(apiUrl, code.code), expiresAt: code.expiresAt },
    }),
  };
}

interface Serving {
  apiUrl: string;
  home: string;
  /** File with an administrator's token. */
  ready?: string;
  firstAdministrator?: { code: string; link: string; expiresAt: number };
}

function servingLines({ apiUrl, ready, firstAdministrator: first }: Serving): string[] {
  if (!first) return ready === undefined ? [] : [`An administrator's token is in ${ready}.`];
  return [
    'Nobody can enter this server yet. Its first administrator is who uses this code:',
    `  code      ${first.code}`,
    `  terminal  minicloud login ${apiUrl}   asks for it`,
    `  VS Code   ${first.link}`,
    `It works once, until ${new Date(first.expiresAt).toISOString().slice(11, 19)} UTC. Started again while nobody used it, the server prints another.`,
  ];
}

async function version(): Promise<string> {
  return (JSON.parse(await readFile(`${serverFolder}/package.json`, 'utf8')) as { version: string }).version;
}

function help(): string {
  return [
    'Usage: minicloud serve [--json] [--SETTING VALUE…]',
    '',
    'Runs the companion in the foreground. Its log goes to standard error. While nobody is an administrator it prints',
    'a one-time code for the first; --ready FILE gives a token to programs of this machine instead. With --json it prints',
    'where it answers, and that code, as JSON, and its log is a JSON object each line. Settings, with their environment variables:',
    '',
    ...settingLines(),
  ].join('\n');
}

// No line here has colours.
const words = process.argv.slice(2).filter((word) => word !== '--no-color');
const json = words.includes('--json');
try {
  const code = await main(words);
  if (code !== undefined) process.exitCode = code;
} catch (error) {
  const problem = toProblem(error);
  const exitCode = exitCodeOf(problem);
  process.stderr.write(`${json ? JSON.stringify({ problem, exitCode }) : problemLines(problem).join('\n')}\n`);
  process.exitCode = exitCode;
}
