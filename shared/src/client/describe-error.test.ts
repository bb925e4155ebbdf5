import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRPCClientError } from '@trpc/client';
import { ProblemError } from '../model/problem.ts';
import { retryDelay } from './client.ts';
import { describeError } from './describe-error.ts';

const problem = {
  code: 'conflict' as const,
  what: 'It exists already',
  object: 'app shop',
  why: 'Somebody made it.',
  still: 'Nothing was changed.',
  remedy: 'Take another name.',
  evidence: ['line'],
};

function fromServer(data: object): unknown {
  return TRPCClientError.from({ error: { code: -32000, message: 'no', data } } as never);
}

test('the server’s own words win', () => {
  assert.deepEqual(describeError(fromServer({ httpStatus: 409, problem })), problem);
  assert.deepEqual(describeError(new ProblemError(problem)), problem);
  assert.deepEqual(
    describeError(TRPCClientError.from(new ProblemError(problem))),
    problem,
    'thrown before it was sent',
  );
});

test('words that are not a problem are not shown as one', () => {
  for (const broken of [
    { ...problem, code: 'made-up' },
    { ...problem, evidence: [1] },
    { what: 'only' },
    'text',
    null,
  ]) {
    assert.equal(describeError(fromServer({ httpStatus: 401, problem: broken })).code, 'unauthorized');
  }
});

const causes: [name: string, error: unknown, code: string, why: RegExp][] = [
  ['status 401', fromServer({ httpStatus: 401 }), 'unauthorized', /expired or revoked/],
  ['status 403', fromServer({ httpStatus: 403 }), 'forbidden', /scope/],
  ['status 404', fromServer({ httpStatus: 404 }), 'not_available', /older or newer/],
  ['status 429', fromServer({ httpStatus: 429 }), 'rate_limited', /Too many/],
  ['status 500', fromServer({ httpStatus: 500 }), 'internal', /no/],
  ['an event stream that was refused', { cause: { code: 401 } }, 'unauthorized', /expired or revoked/],
  ['nobody listens', network({ code: 'ECONNREFUSED' }), 'not_available', /Nothing listens/],
  ['one of several addresses', network({ errors: [{ code: 'ECONNREFUSED' }] }), 'not_available', /Nothing listens/],
  [
    'a port that no browser would ask',
    network(new Error('bad port')),
    'not_available',
    /Nothing answers.*\(bad port\)/,
  ],
  ['a connection that could not be made', network(undefined), 'not_available', /Nothing answers there/],
  ['an unknown host', network({ code: 'ENOTFOUND' }), 'not_available', /host name/],
  ['an authority of its own', network({ code: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'not_available', /not trusted/],
  ['no answer in time', network({ name: 'TimeoutError' }), 'timeout', /in time/],
  ['a stream that broke off', TRPCClientError.from(new Error('TypeError: terminated')), 'not_available', /lost/],
  [
    'a page that is not ours',
    TRPCClientError.from(new SyntaxError('Unexpected token <')),
    'not_available',
    /other than Minicloud/,
  ],
];
for (const [name, error, code, why] of causes) {
  test(`told as ${code}: ${name}`, () => {
    const told = describeError(error, 'home');
    assert.equal(told.code, code);
    assert.match(told.why, why);
    assert.equal(told.object, 'home');
    assert.ok(told.remedy);
  });
}

test('a defect of ours is told as one', () => {
  assert.equal(describeError(new RangeError('oops')).code, 'internal');
});

test('attempts to reconnect wait longer and longer, never for ever, never all at once', () => {
  assert.deepEqual(
    [1, 2, 3].map((attempt) => retryDelay(attempt, () => 1)),
    [500, 1000, 2000],
  );
  assert.equal(
    retryDelay(1_000, () => 1),
    30_000,
  );
  assert.equal(
    retryDelay(1, () => 0),
    250,
  );
});

function network(cause: object | undefined): unknown {
  return TRPCClientError.from(Object.assign(new TypeError('fetch failed'), { cause }));
}
