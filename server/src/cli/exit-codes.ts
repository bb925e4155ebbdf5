/** What the exit code says. Scripts rely on it: a number never changes its meaning. */
import { TRPCClientError } from '@trpc/client';
import { describeError } from 'minicloud-shared/client/describe-error';
import { type Problem, type ProblemCode, ProblemError, type ProblemInit } from 'minicloud-shared/model/problem';

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  unauthorized: 4,
  refused: 5,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Shown by `minicloud help`. */
export const exitCodeHelp: readonly [ExitCode, string][] = [
  [exitCodes.ok, 'done'],
  [exitCodes.failed, 'it was tried and failed, or something is not well'],
  [exitCodes.usage, 'the command line is not right; nothing was done'],
  [exitCodes.unreachable, 'the server can not be reached'],
  [exitCodes.unauthorized, 'the token is missing, refused, or may not do this'],
  [exitCodes.refused, 'the manifest or the plan was refused; nothing was changed'],
  [exitCodes.interrupted, 'cancelled: Ctrl-C, or the question was answered with no'],
];

/** The command line is wrong. `remedy` names the help of the command. */
export class UsageProblem extends ProblemError {
  constructor(init: Pick<ProblemInit, 'object' | 'why' | 'remedy'> & { what?: string }) {
    super({ code: 'invalid_input', what: 'The command line is not right', still: 'Nothing was done.', ...init });
  }
}

/** Somebody pressed Ctrl-C. `lines` say what goes on without us. */
export class Interrupted extends Error {
  readonly lines: string[];
  constructor(lines: string[]) {
    super('interrupted');
    this.name = 'Interrupted';
    this.lines = lines;
  }
}

export interface Failure {
  problem: Problem;
  code: ExitCode;
}

/** Anything that a command failed with. `server` names the server in messages. */
export function failureOf(error: unknown, server?: string): Failure {
  const problem = describeError(error, server);
  if (error instanceof UsageProblem) return { problem, code: exitCodes.usage };
  if (isUnreachable(error, problem)) return { problem, code: exitCodes.unreachable };
  return { problem, code: exitCodeOf(problem.code) };
}

const byProblem: Partial<Record<ProblemCode, ExitCode>> = {
  unauthorized: exitCodes.unauthorized,
  forbidden: exitCodes.unauthorized,
  host_refused: exitCodes.unreachable,
  manifest_invalid: exitCodes.refused,
  plan_changed: exitCodes.refused,
  not_available: exitCodes.refused,
};

export function exitCodeOf(code: ProblemCode): ExitCode {
  return byProblem[code] ?? exitCodes.failed;
}

/** No answer came, or one that is not Minicloud's. */
export function isUnreachable(error: unknown, problem: Problem = describeError(error)): boolean {
  if (!(error instanceof TRPCClientError)) return false;
  const told = (error.data as { problem?: unknown } | null | undefined)?.problem !== undefined;
  return !told && (problem.code === 'not_available' || problem.code === 'timeout');
}
