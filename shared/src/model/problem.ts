/**
 * What went wrong, said the same way in editor, CLI, REST and logs.
 *
 * Every failure that a person meets is a `Problem`: what happened, to which object, why, what still works and what
 * to do. The code is a closed union, so that clients can act on it and a test can walk all of them.
 */
import * as z from 'zod';

export const problemCodes = [
  'manifest_invalid',
  'invalid_input',
  'not_found',
  'conflict',
  'plan_changed',
  'not_available',
  'unauthorized',
  'forbidden',
  'host_refused',
  'rate_limited',
  'engine_unreachable',
  'engine_failed',
  'image_not_found',
  'image_unusable',
  'registry_denied',
  'registry_unreachable',
  'release_command_failed',
  'container_exited',
  'health_failed',
  'proxy_failed',
  'port_taken',
  'service_failed',
  'pool_exhausted',
  'disk_full',
  'cancelled',
  'interrupted',
  'timeout',
  'busy',
  'internal',
] as const;
export type ProblemCode = (typeof problemCodes)[number];

export const problemSchema = z.object({
  code: z.enum(problemCodes),
  /** What happened, one sentence, without the cause. */
  what: z.string(),
  /** The object it happened to: `app shop`, `image docker.io/me/shop:2`, `expose[0].port`. */
  object: z.string(),
  /** The cause, as far as it was observed. */
  why: z.string(),
  /** What still works, measured or certain: `Release 12 still serves.` Empty when nothing can be said. */
  still: z.string().default(''),
  /** What the person can do now. */
  remedy: z.string(),
  /** Longer evidence, line by line: last log lines, the health check's answer. Never holds a secret. */
  evidence: z.array(z.string()).default([]),
});
export type Problem = z.infer<typeof problemSchema>;

export type ProblemInit = Omit<Problem, 'still' | 'evidence'> & Partial<Pick<Problem, 'still' | 'evidence'>>;

/** The one error class that Minicloud throws on purpose; everything else is a defect and reported as `internal`. */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(init: ProblemInit, options?: { cause?: unknown }) {
    super(`${init.what} (${init.object}): ${init.why}`, options);
    this.name = 'ProblemError';
    this.problem = { still: '', evidence: [], ...init };
  }
}

/** One problem as lines of text: the sentence, the remedy, the evidence. Used by CLI, logs and notifications alike. */
export function problemLines(problem: Problem): string[] {
  const lines = [`${problem.what}: ${problem.object}`, `  why    ${problem.why}`];
  if (problem.still) lines.push(`  still  ${problem.still}`);
  lines.push(`  do     ${problem.remedy}`);
  for (const line of problem.evidence) lines.push(`  | ${line}`);
  return lines;
}

/** What file system and SQLite call a full disk. */
const noRoomCodes = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'];

/** Anything thrown, as a `Problem`: ours as it is, the rest as `internal` with its message and no stack. */
export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof Error && error.name === 'AbortError') {
    return {
      code: 'cancelled',
      what: 'The work was cancelled',
      object: 'operation',
      why: 'Somebody or a deadline asked for it to stop.',
      still: '',
      remedy: 'Start it again when you are ready.',
      evidence: [],
    };
  }
  if (error instanceof Error && 'code' in error && noRoomCodes.includes(String(error.code))) {
    return {
      code: 'disk_full',
      what: 'There was no room to write',
      object: "Minicloud's home folder",
      why: error.message,
      still: 'What serves goes on serving.',
      remedy: 'Make room on the disk (`df -h`), then try again.',
      evidence: [],
    };
  }
  return {
    code: 'internal',
    what: 'Something in Minicloud failed',
    object: 'server',
    why: error instanceof Error ? error.message : String(error),
    still: '',
    remedy: 'Try again; if it stays, look at the log of the companion and report it.',
    evidence: [],
  };
}
