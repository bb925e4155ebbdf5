/** `minicloud serve`: the companion as a process. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { problemLines, toProblem } from 'minicloud-shared/model/problem';
import { startCompanion } from './companion.ts';
import { configFlags, readConfig } from './config.ts';
import { keepReady } from './ready.ts';

const serverFolder = fileURLToPath(new URL('..', import.meta.url));

async function main(args: string[]): Promise<number | undefined> {
  const [command, ...rest] = args;
  if (command !== 'serve' || rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`${help()}\n`);
    return command === 'serve' || command === undefined ? 0 : 2;
  }
  process.umask(0o077);
  const config = readConfig(rest, process.env);
  const { version } = JSON.parse(await readFile(`${serverFolder}/package.json`, 'utf8')) as { version: string };
  const companion = await startCompanion(config, { version, serverFolder });
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

function help(): string {
  const rows = Object.values(configFlags).map(
    ({ flag, env, fallback, help: text }) =>
      `  --${flag.padEnd(18)} ${text}${fallback === undefined ? '' : ` (${fallback})`}\n  ${' '.repeat(20)} ${env}`,
  );
  return [
    'Usage: minicloud serve [--SETTING VALUE…]',
    '',
    'Runs the companion in the foreground. Settings, with their environment variables:',
    '',
    ...rows,
  ].join('\n');
}

try {
  const code = await main(process.argv.slice(2));
  if (code !== undefined) process.exitCode = code;
} catch (error) {
  process.stderr.write(`${problemLines(toProblem(error)).join('\n')}\n`);
  process.exitCode = 1;
}
