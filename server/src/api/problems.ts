/** Everything that leaves the API as an error, as a `Problem` that tells nothing it should not. */
import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import type { Diagnostic } from 'minicloud-shared/manifest/model';
import { type Problem, ProblemError, toProblem } from 'minicloud-shared/model/problem';
import { z } from 'zod';
import type { Principal } from '../context.ts';
import { randomId } from '../platform/ids.ts';

/** Any error that leaves a procedure: bad input field by field, ours as it is, the rest as `internal`. */
export function asProblem(error: TRPCError): Problem {
  const cause = error.cause;
  if (cause instanceof ProblemError) return cause.problem;
  if (cause instanceof TRPCError) return asProblem(cause);
  if (cause instanceof z.ZodError) {
    const evidence = cause.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`.slice(0, 300));
    return {
      code: 'invalid_input',
      what: 'The request is not valid',
      object: evidence[0]?.split(':')[0] ?? 'input',
      why: evidence.slice(0, 20).join('; '),
      still: 'Nothing was changed.',
      remedy: 'Correct what is named and try again.',
      evidence: [],
    };
  }
  const status = getHTTPStatusCodeFromError(error);
  if (status < 500) {
    return {
      code: status === 404 ? 'not_found' : 'invalid_input',
      what: 'The request is not valid',
      object: 'request',
      why: error.message.slice(0, 300),
      still: 'Nothing was changed.',
      remedy: 'Update the client: it may be older or newer than this server.',
      evidence: [],
    };
  }
  const unexpected = cause ?? error;
  const problem = toProblem(unexpected);
  return problem.code === 'internal' ? internalProblem(unexpected) : problem;
}

const references = new WeakMap<object, string>();

/** Under which a failure that nobody foresaw stands in the log, the same for the same error. */
export function referenceOf(error: object): string {
  const root = error instanceof TRPCError && error.cause instanceof Error ? error.cause : error;
  if (root !== error) return referenceOf(root);
  const known = references.get(error) ?? randomId(8);
  references.set(error, known);
  return known;
}

/** Says where the cause is and not what it is: messages of libraries hold paths and queries. */
export function internalProblem(error: object): Problem {
  return {
    code: 'internal',
    what: 'Something in Minicloud failed',
    object: 'server',
    why: `Nobody foresaw this; the companion's log has the cause under ${referenceOf(error)}.`,
    still: '',
    remedy: 'Try again; if it stays, report it with that part of the log.',
    evidence: [],
  };
}

/** What a request is told that did not reach a procedure. */
export function clientProblem(status: number, why: string): Problem {
  return {
    code:
      status === 403 ? 'forbidden' : status === 404 ? 'not_found' : status === 429 ? 'rate_limited' : 'invalid_input',
    what: status === 429 ? 'Too many requests' : 'The request was refused',
    object: 'request',
    why,
    still: 'Nothing was changed.',
    remedy:
      status === 429
        ? 'Wait as long as Retry-After says.'
        : 'Correct the request; `minicloud help` lists what there is.',
    evidence: [],
  };
}

/** "Invalid request" of JSON-RPC: clients read the problem only beside a number. */
const requestCode = -32600;

/** The body of every error answer that no procedure gave. */
export function errorBody(status: number, problem: Problem) {
  return { error: { message: problem.what, code: requestCode, data: { httpStatus: status, problem } } };
}

const ownedCode = 'manifest/domain-owned';
const ownedMessage = 'This name belongs to another app already; choose another one.';
/** Rules whose silence or suggestion would tell which other apps there are. */
const tellingCodes = ['manifest/placement-unknown'];

/** What a principal that is limited to some apps may read of a manifest's diagnostics: names no other app. */
export function veiledDiagnostics(diagnostics: Diagnostic[], principal: Principal): Diagnostic[] {
  if (principal.apps === undefined) return diagnostics;
  return diagnostics
    .filter(({ code }) => !tellingCodes.includes(code))
    .map((diagnostic) => (diagnostic.code === ownedCode ? { ...diagnostic, message: ownedMessage } : diagnostic));
}

/** The same for an error: who owns a domain is the owner's business. */
export function asVeiled(error: TRPCError, principal: Principal): TRPCError {
  const { cause } = error;
  if (principal.apps === undefined || !(cause instanceof ProblemError)) return error;
  const { problem } = cause;
  const veiled: Problem = {
    ...problem,
    ...(problem.code === 'conflict' && problem.object.startsWith('domain ')
      ? { why: 'Another app owns it.', remedy: 'Use another name.' }
      : {}),
    evidence: problem.evidence
      .filter((line) => !tellingCodes.some((code) => line.includes(`  ${code}  `)))
      .map((line) => {
        const at = line.indexOf(`  ${ownedCode}  `);
        return at < 0 ? line : `${line.slice(0, at)}  ${ownedCode}  ${ownedMessage}`;
      }),
  };
  return new TRPCError({ code: error.code, message: error.message, cause: new ProblemError(veiled) });
}
