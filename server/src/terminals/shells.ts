/** Which shell an image has: tried in a container of it, once. */
import { ProblemError } from 'minicloud-shared/model/problem';
import type { ContainerSummary } from '../adapters/engine/contract.ts';
import type { Cloud } from '../context.ts';

/** The first that is there is taken. */
const shells = ['bash', 'sh', 'ash'] as const;
const tryMs = 10_000;
const mostRemembered = 500;
const found = new Map<string, string>();

/** Throws `not_available` for images that have none. */
export async function findShell(cloud: Cloud, container: ContainerSummary, object: string): Promise<string> {
  const known = found.get(container.image);
  if (known !== undefined) return known;
  for (const shell of shells) {
    if (!(await starts(cloud, container.id, shell))) continue;
    if (found.size >= mostRemembered) found.clear();
    found.set(container.image, shell);
    return shell;
  }
  throw new ProblemError({
    code: 'not_available',
    what: 'There is no shell to open',
    object,
    why: `Its image has none of ${shells.join(', ')}.`,
    still: 'The app goes on as it is.',
    remedy: 'Name the program to run, as in `minicloud exec NAME -- /app/tool --flag`, or add a shell to the image.',
  });
}

async function starts(cloud: Cloud, container: string, shell: string): Promise<boolean> {
  try {
    // The shell's own "do nothing".
    const { exitCode } = await cloud.engine.exec(container, [shell, '-c', ':'], { signal: AbortSignal.timeout(tryMs) });
    return exitCode === 0;
  } catch (error) {
    // Older engines refuse a program that is not there instead of giving an exit code.
    const code = error instanceof ProblemError ? error.problem.code : undefined;
    if (code === 'engine_failed' || code === 'invalid_input' || code === 'not_found') return false;
    throw error;
  }
}
