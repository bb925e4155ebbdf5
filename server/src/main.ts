/** `minicloud serve` and `minicloud uninstall`: the companion as a process, and its end on this machine. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { problemLines, toProblem } from 'minicloud-shared/model/problem';
import { startCompanion } from './companion.ts';
import { readConfig, settingLines } from './config.ts';
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
  const config = readConfig(rest, process.env);
  const companion = await startCompanion(config, { version: await version(), serverFolder });
  if (config.ready !== undefined) await keepReady(companion.cloud, companion.apiUrl, config.ready);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    companion.cloud.log.info('stopping; apps keep serving');
    void companion.stop().then(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return undefined;
}

async function version(): Promise<string> {
  return (JSON.parse(await readFile(`${serverFolder}/package.json`, 'utf8')) as { version: string }).version;
}

function help(): string {
  return [
    'Usage: minicloud serve [--SETTING VALUE…]',
    '',
    'Runs the companion in the foreground. Settings, with their environment variables:',
    '',
    ...settingLines(),
  ].join('\n');
}

try {
  const code = await main(process.argv.slice(2));
  if (code !== undefined) process.exitCode = code;
} catch (error) {
  process.stderr.write(`${problemLines(toProblem(error)).join('\n')}\n`);
  process.exitCode = 1;
}
