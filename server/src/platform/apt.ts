/** Packages of Debian and Ubuntu, installed by apt-get as root. */
import { ProblemError } from 'minicloud-shared/model/problem';
import { type RunOptions, type RunResult, runCommand } from './exec.ts';

export interface InstallOptions extends Pick<RunOptions, 'signal' | 'timeoutMs' | 'onLine'> {
  /** Gets a line when something that a person did not ask for has to be done first. */
  say: (line: string) => void;
}

/** Milliseconds for each program, unless the caller says otherwise: a slow mirror and a small disk. */
const defaultTimeoutMs = 20 * 60_000;

/** Another apt-get of this machine, its nightly upgrade say, is awaited. */
const common = ['-q', '-o', 'DPkg::Lock::Timeout=300'];

/**
 * Installs these packages without what they merely recommend. An installation that was cut off earlier (power, a closed
 * terminal) is finished first, as dpkg asks for. Throws `not_available` with the end of what apt-get printed.
 */
export async function installPackages(names: readonly string[], options: InstallOptions): Promise<void> {
  const { say, timeoutMs = defaultTimeoutMs, signal, onLine } = options;
  const run = (argv: readonly string[]) =>
    runCommand(argv, {
      // What it says is read below, so in one language.
      env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
      timeoutMs,
      ...(signal ? { signal } : {}),
      ...(onLine ? { onLine } : {}),
    });
  const install = () => run(['apt-get', 'install', '-y', '--no-install-recommends', ...common, ...names]);

  // Lists of yesterday often do, so its failure is not the end.
  await run(['apt-get', 'update', ...common]);
  let installed = await install();
  if (wasInterrupted(installed)) {
    say('an earlier installation on this machine was cut off: finishing it (dpkg --configure -a)');
    await finishEarlier(run);
    installed = await install();
  }
  if (installed.exitCode !== 0) throw notInstalled(names, installed);
}

/** apt-get asks for this where dpkg's journal is not empty, or where a package is half there. */
const wasInterrupted = ({ exitCode, stderr, stdout }: RunResult): boolean =>
  exitCode !== 0 && /dpkg --configure -a|needs to be reinstalled/.test(`${stderr}\n${stdout}`);

async function finishEarlier(run: (argv: readonly string[]) => Promise<RunResult>): Promise<void> {
  // It ends with an error when a package is too damaged to configure; those come from the archive again.
  await run(['dpkg', '--configure', '-a']);
  const listed = await run(['dpkg-query', '-W', '-f', `\${Package} \${Status}\\n`]);
  const damaged = listed.stdout.split('\n').filter((line) => line.includes(' reinstreq '));
  const names = damaged.map((line) => line.split(' ')[0] ?? '');
  if (names.length > 0) await run(['apt-get', 'install', '-y', '--reinstall', ...common, ...names]);
}

function notInstalled(names: readonly string[], { exitCode, stderr, stdout }: RunResult): ProblemError {
  const said = `${stderr}\n${stdout}`.split('\n').filter((line) => /^(E|Err|dpkg):? /.test(line));
  return new ProblemError({
    code: 'not_available',
    what: 'Packages of this machine could not be installed',
    object: `packages ${names.join(', ')}`,
    why: said.at(-1)?.trim() ?? `apt-get ended with ${exitCode}.`,
    still: 'What is installed stays as it is.',
    remedy: `Install them by hand, then try again: apt-get install ${names.join(' ')}`,
    evidence: said.slice(-8),
  });
}
