/** What Docker says when something fails, as `Problem`s: the same words for the same cause, whoever asked. */
import { type ProblemCode, ProblemError } from 'minicloud-shared/model/problem';
import { type StartFailure, startFailure } from './start-failures.ts';

/** What was tried, for the sentence that a person reads. */
export interface Attempt {
  /** `container minicloud-shop-web-1`. */
  object: string;
  /** `start the container`. */
  verb: string;
}

interface Cause {
  code: ProblemCode;
  pattern: RegExp;
  remedy: string;
}

/** First match wins. The words are Docker's and Podman's own; they have not changed in years. */
const causes: Cause[] = [
  {
    code: 'disk_full',
    pattern: /no space left on device|disk quota exceeded/i,
    remedy: 'Make room on the disk that holds images and volumes, then try again.',
  },
  {
    code: 'pool_exhausted',
    pattern:
      /non-overlapping IPv4 address pool|no available (IPv4 )?addresses|could not find free subnet|subnet pools have been fully/i,
    remedy: 'Remove networks that nobody needs, or give Minicloud a larger address pool.',
  },
  {
    code: 'conflict',
    pattern:
      /pool overlaps|networks have overlapping|subnet .* is already used|address already in use|already exists|is already in use|active endpoints|volume is in use|being used|is using its referenced image|must be forced|is not running|on running containers|removal of container .* is already in progress|cannot be attached to|container sharing network namespace/i,
    remedy: 'Look at what uses it, then try again.',
  },
];

const registryCauses: Cause[] = [
  {
    code: 'image_unusable',
    pattern:
      /no matching manifest|no match for platform|does not match the specified platform|unsupported media type|layer verification failed|invalid tar header|unexpected EOF.*(?:layer|tar)|no image found in (?:manifest list|image index) for architecture|media type .*no longer supported/i,
    remedy: 'Build the image for this machine, push it again, or choose another tag.',
  },
  {
    code: 'registry_denied',
    pattern:
      /unauthorized|authentication required|pull access denied|access to the resource is denied|access forbidden|no basic auth credentials|incorrect username or password|40[13] (?:Unauthorized|Forbidden)|denied:/i,
    remedy: 'Check the name of the image; if it is private, log in to its registry on the server.',
  },
  {
    code: 'image_not_found',
    pattern:
      /manifest unknown|manifest for .* not found|name unknown|repository .*not (?:found|known)|does not exist|no such image|404 Not Found|not found: manifest/i,
    remedy: 'Check the name and the tag of the image.',
  },
  {
    code: 'registry_unreachable',
    pattern:
      /toomanyrequests|429|Client\.Timeout|deadline exceeded|request cancell?ed|i\/o timeout|timed? ?out|connection refused|connection reset|broken pipe|closed network connection|server gave HTTP response|GOAWAY|no such host|server misbehaving|TLS handshake|x509|tls:|network is unreachable|no route to host|EOF|received unexpected HTTP status|5\d\d (?:Internal|Bad|Service|Gateway)|proxyconnect|lookup /i,
    remedy: 'Check the network of this machine and the state of the registry, then try again.',
  },
];

/** Whose fault a failure may be: the engine's own, a registry's, or that of the image a container is made of. */
export type FailureKind = 'engine' | 'registry' | 'container';

/** An error of a call, as a problem. Ours pass through. */
export function dockerProblem(error: unknown, attempt: Attempt, kind: FailureKind = 'engine'): ProblemError {
  if (error instanceof ProblemError) return error;
  const failure = readFailure(error);
  if (failure.code && failure.status === undefined) return unreachable(failure.code, attempt, error);
  const known = [...causes, ...(kind === 'registry' ? registryCauses : [])].find(({ pattern }) =>
    pattern.test(failure.message),
  );
  if (known) return problem(known.code, attempt, failure.message, known.remedy, error);
  const unusable = kind === 'container' ? startFailure(failure.message) : undefined;
  if (unusable) return unusableImage(attempt, unusable, failure.message, error);
  if (failure.status === 404) {
    const code = /no such image/i.test(failure.message) ? 'image_not_found' : 'not_found';
    return problem(code, attempt, failure.message, 'It may have been removed by somebody else: try again.', error);
  }
  if (failure.status === 409) {
    return problem('conflict', attempt, failure.message, 'Look at what uses it, then try again.', error);
  }
  return problem(
    'engine_failed',
    attempt,
    failure.message,
    'Look at the log of the engine (journalctl -u docker), then try again.',
    error,
  );
}

/** HTTP status of a failed call, when there was an answer at all. */
export function failureStatus(error: unknown): number | undefined {
  return readFailure(error).status;
}

/** Docker's own words about a failed call. */
export function failureMessage(error: unknown): string {
  return readFailure(error).message;
}

export function frozen(attempt: Attempt, ms: number): ProblemError {
  return new ProblemError({
    code: 'timeout',
    what: `The engine did not ${attempt.verb} in time`,
    object: attempt.object,
    why: `There was no answer for ${ms / 1000} s.`,
    still: 'Containers that run are not touched by this.',
    remedy: 'See whether the machine is overloaded and the engine alive (docker info), then try again.',
  });
}

export function cancelled(attempt: Attempt): ProblemError {
  return new ProblemError({
    code: 'cancelled',
    what: `The engine was not waited for to ${attempt.verb}`,
    object: attempt.object,
    why: 'Somebody or a deadline asked for it to stop.',
    remedy: 'Start it again when you are ready.',
  });
}

const unreachableRemedies: Record<string, string> = {
  ENOENT: 'Start the engine (systemctl start docker) or correct the path of its socket.',
  EACCES: 'Let the user that runs Minicloud use the socket (group docker), then start Minicloud again.',
  EPERM: 'Let the user that runs Minicloud use the socket (group docker), then start Minicloud again.',
  ECONNREFUSED: 'Start the engine: systemctl start docker.',
};

const unreachableReasons: Record<string, string> = {
  ENOENT: 'Its socket does not exist.',
  EACCES: 'Its socket may not be opened by this user.',
  EPERM: 'Its socket may not be opened by this user.',
  ECONNREFUSED: 'Nothing answers at its socket.',
};

function unreachable(code: string, attempt: Attempt, cause: unknown): ProblemError {
  return new ProblemError(
    {
      code: 'engine_unreachable',
      what: `The container engine could not be asked to ${attempt.verb}`,
      object: attempt.object,
      why: unreachableReasons[code] ?? `The connection failed: ${code}.`,
      still: 'Containers that run keep running.',
      remedy: unreachableRemedies[code] ?? 'See whether the engine runs (docker info), then try again.',
    },
    { cause },
  );
}

/** The image or what the manifest says of it is to blame; the engine's own words are the evidence. */
function unusableImage(attempt: Attempt, { why, remedy }: StartFailure, words: string, cause: unknown): ProblemError {
  const what = `The engine could not ${attempt.verb}`;
  const evidence = [words.slice(0, 1000)];
  return new ProblemError({ code: 'image_unusable', what, object: attempt.object, why, remedy, evidence }, { cause });
}

function problem(code: ProblemCode, attempt: Attempt, why: string, remedy: string, cause: unknown): ProblemError {
  const what = `The engine could not ${attempt.verb}`;
  return new ProblemError({ code, what, object: attempt.object, why: why.slice(0, 1000), remedy }, { cause });
}

function readFailure(error: unknown): { status?: number; code?: string; message: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const { statusCode, code, json } = error as Error & { statusCode?: unknown; code?: unknown; json?: unknown };
  const said = typeof json === 'object' && json !== null && 'message' in json ? json.message : undefined;
  return {
    ...(typeof statusCode === 'number' && { status: statusCode }),
    ...(typeof code === 'string' && { code }),
    message: (typeof said === 'string' ? said : error.message).replace(/^\(HTTP code \d+\) [^-]* - /, '').trim(),
  };
}
