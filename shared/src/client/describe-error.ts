/** Anything that a call to the server can fail with, as the `Problem` that a person is shown. */
import { TRPCClientError } from '@trpc/client';
import { type Problem, type ProblemCode, ProblemError, problemCodes, toProblem } from '../model/problem.ts';

/**
 * The problem behind `error`. The server's own words win (`error.data.problem`); without them the HTTP status and the
 * network's error code decide. `server` names the server in messages: its name or address.
 */
export function describeError(error: unknown, server = 'the server'): Problem {
  const own = thrownHere(error);
  if (own) return own;
  const told = field(field(error, 'data'), 'problem');
  if (isProblem(told)) return told;
  const status = httpStatus(error);
  if (status !== undefined) return fromStatus(status, server, messageOf(error));
  const cause = networkCause(error);
  if (cause) return { ...empty, ...cause, object: server };
  // Without the server's data it never answered, or something else did.
  if (error instanceof TRPCClientError)
    return { ...empty, ...(isUnreadable(error) ? unreadable : lost), object: server };
  return toProblem(error);
}

/** What this side found out before anything was sent, such as that there is no token: calls wrap it. */
function thrownHere(error: unknown): Problem | undefined {
  for (let at: unknown = error, depth = 0; at && depth < 4; at = field(at, 'cause'), depth += 1)
    if (at instanceof ProblemError) return at.problem;
  return undefined;
}

/** By hand and not by its schema, so that a client needs no schema library for this alone. */
function isProblem(value: unknown): value is Problem {
  const texts = ['what', 'object', 'why', 'still', 'remedy'].every((name) => typeof field(value, name) === 'string');
  const evidence = field(value, 'evidence');
  return texts && (problemCodes as readonly unknown[]).includes(field(value, 'code')) && isArrayOf(evidence, 'string');
}

function isArrayOf(value: unknown, type: string): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === type);
}

const empty = { still: '', evidence: [] };
type Told = Pick<Problem, 'code' | 'what' | 'why' | 'remedy'>;

const byStatus: Record<number, Told> = {
  401: {
    code: 'unauthorized',
    what: 'The token was not accepted',
    why: 'It is unknown, expired or revoked.',
    remedy: 'Make a new token on the server and give it to this editor.',
  },
  403: {
    code: 'forbidden',
    what: 'The server refused this',
    why: 'The scope of the token or its list of apps does not allow it, or the server is not to be reached by this name.',
    remedy: 'Use a token with a wider scope, or the address of the server in place of a name.',
  },
  404: {
    code: 'not_available',
    what: 'The server does not know this call',
    why: 'It is older or newer than this client, or something else answers at this address.',
    remedy: 'Check the address, and update the older of the two.',
  },
  429: {
    code: 'rate_limited',
    what: 'The server asks to slow down',
    why: 'Too many requests came from here.',
    remedy: 'Wait a minute and try again.',
  },
};

function fromStatus(status: number, server: string, message: string): Problem {
  const told = byStatus[status];
  if (told) return { ...empty, ...told, object: server };
  const code: ProblemCode = status >= 500 ? 'internal' : 'invalid_input';
  return {
    ...empty,
    code,
    what: `The server answered ${status}`,
    object: server,
    why: message,
    remedy: status >= 500 ? 'Try again; if it stays, look at the log of the companion.' : 'Correct what it names.',
  };
}

const refused = {
  code: 'not_available',
  what: 'The server can’t be reached',
  remedy: 'Check that Minicloud runs there and that the address and port are right, then retry.',
} as const;

const lost: Told = { ...refused, why: 'The connection was lost.' };
const unreadable: Told = {
  code: 'not_available',
  what: 'The answer was not understood',
  why: 'Something other than Minicloud answers at this address.',
  remedy: 'Check the address and the port.',
};

function isUnreadable(error: TRPCClientError<never>): boolean {
  return error.cause instanceof SyntaxError;
}

const networkCauses: Record<string, Told> = {
  ECONNREFUSED: { ...refused, why: 'Nothing listens at this address.' },
  UND_ERR_SOCKET: lost,
  ECONNRESET: { ...refused, why: 'The connection was closed in the middle.' },
  ENOTFOUND: { ...refused, why: 'The host name is not known.' },
  EAI_AGAIN: { ...refused, why: 'The host name could not be looked up.' },
  EHOSTUNREACH: { ...refused, why: 'There is no way to this host.' },
  ENETUNREACH: { ...refused, why: 'There is no network.' },
  ETIMEDOUT: { ...refused, why: 'It did not answer in time.' },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    ...refused,
    why: 'Its certificate is signed by an authority that is not trusted here.',
  },
  SELF_SIGNED_CERT_IN_CHAIN: { ...refused, why: 'Its certificate is signed by an authority that is not trusted here.' },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    ...refused,
    why: 'Its certificate is signed by an authority that is not trusted here.',
  },
  CERT_HAS_EXPIRED: { ...refused, why: 'Its certificate has expired.' },
  ERR_TLS_CERT_ALTNAME_INVALID: { ...refused, why: 'Its certificate is for another name.' },
};

/** No `fetch` failed. */
const none = Symbol('none');

function networkCause(error: unknown): Told | undefined {
  let notMade: unknown = none;
  let deepest: string | undefined;
  for (let at: unknown = error, depth = 0; at && depth < 6; at = field(at, 'cause'), depth += 1) {
    const name = field(at, 'name');
    if (name === 'TimeoutError') return { ...refused, code: 'timeout', why: 'It did not answer in time.' };
    const code = field(at, 'code');
    if (typeof code === 'string' && networkCauses[code]) return networkCauses[code];
    const first = field(at, 'errors');
    if (Array.isArray(first) && first[0]) {
      const inner = networkCause(first[0]);
      if (inner) return inner;
    }
    // `fetch` says so before there is a connection: whatever the cause is called, none was lost.
    if (field(at, 'message') === 'fetch failed') notMade = field(at, 'cause');
    else if (at === notMade) deepest = messageOf(at);
  }
  if (notMade !== none) {
    const cause = deepest === undefined ? '' : ` (${deepest.slice(0, 200)})`;
    return { ...refused, why: `Nothing answers there; the connection could not be made${cause}.` };
  }
  return undefined;
}

/** From tRPC's error data, or from the event that ends an event stream whose request was refused. */
function httpStatus(error: unknown): number | undefined {
  const told = field(field(error, 'data'), 'httpStatus');
  if (typeof told === 'number') return told;
  for (let at: unknown = error, depth = 0; at && depth < 4; at = field(at, 'cause'), depth += 1) {
    const code = field(at, 'code');
    if (typeof code === 'number' && code >= 400 && code < 600) return code;
  }
  const response = field(field(field(error, 'meta'), 'response'), 'status');
  return typeof response === 'number' && response >= 400 ? response : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
