/** The client over real HTTP: what it sends, how it waits, when it comes back and when it doesn't. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { after, test } from 'node:test';
import { initTRPC, TRPCError, tracked } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { describeError } from 'minicloud-shared/client/describe-error';
import { ProblemError } from 'minicloud-shared/model/problem';
import { type Api, connectApi } from './api.ts';

const t = initTRPC.context<{ request: IncomingMessage }>().create({
  sse: { ping: { enabled: true, intervalMs: 50 } },
  errorFormatter: ({ shape, error }) => ({
    ...shape,
    data: { ...shape.data, problem: (error.cause as ProblemError | undefined)?.problem },
  }),
});
/** As a token is refused that was revoked while a stream was open: inside the stream, in the server's own words. */
const revoked = new ProblemError({
  code: 'unauthorized',
  what: 'The token was revoked',
  object: 'token',
  why: 'Somebody did.',
  remedy: 'Make another.',
});
const authorised = t.procedure.use(({ ctx, next }) => {
  if (ctx.request.headers.authorization !== 'Bearer good') throw new TRPCError({ code: 'UNAUTHORIZED' });
  return next();
});

interface Fake {
  api: Api;
  requests: { url: string; authorization?: string }[];
  /** Answers instead of the API, once, when it is set. */
  instead?: (response: ServerResponse) => void;
  token: string;
  revoked?: boolean;
}

const servers: (() => void)[] = [];
after(() => {
  for (const close of servers) close();
});

async function startFake(): Promise<Fake> {
  let subscriptions = 0;
  const router = t.router({
    system: t.router({ info: authorised.query(() => 'here') }),
    events: t.router({
      // Fails after its first event, as a server that restarts does.
      subscribe: authorised
        .input((value) => value as { lastEventId?: string })
        .subscription(async function* ({ input }) {
          subscriptions += 1;
          yield tracked(String(subscriptions), { after: input.lastEventId ?? null });
          if (fake.revoked) throw revoked;
          if (subscriptions === 1) throw new TRPCError({ code: 'SERVICE_UNAVAILABLE' });
          await new Promise(() => {});
        }),
    }),
  });
  const handler = createHTTPHandler({ router, basePath: '/trpc/', createContext: ({ req }) => ({ request: req }) });
  const server = createServer((request, response) => {
    fake.requests.push({ url: request.url ?? '', authorization: request.headers.authorization });
    const { instead } = fake;
    fake.instead = undefined;
    if (instead) instead(response);
    else handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const target = { name: 'fake', url: `http://127.0.0.1:${address.port}/` };
  const fake: Fake = { requests: [], token: 'good', api: connectApi(target, async () => fake.token) };
  return fake;
}

test('the token is in the header of every request, read anew, and never in an address', async () => {
  const fake = await startFake();
  assert.equal(await fake.api.system.info.query(), 'here');
  fake.token = 'another';
  await assert.rejects(fake.api.system.info.query(), (error) => describeError(error).code === 'unauthorized');
  fake.token = 'good';
  await nextEvent(fake.api);
  assert.deepEqual(
    fake.requests.map(({ authorization }) => authorization),
    ['Bearer good', 'Bearer another', 'Bearer good'],
  );
  assert.ok(fake.requests.every(({ url }) => !url.includes('good') && !url.includes('another')));
});

test('a stream that meets a 502 comes back, and goes on after the last event it saw', async () => {
  const fake = await startFake();
  fake.instead = (response) => response.writeHead(502).end('bad gateway');
  const seen: unknown[] = [];
  await new Promise<void>((resolve, reject) => {
    const subscription = fake.api.events.subscribe.subscribe(
      {},
      {
        onData: ({ data }) => {
          seen.push(data);
          if (seen.length < 2) return;
          subscription.unsubscribe();
          resolve();
        },
        onError: reject,
      },
    );
  });
  assert.deepEqual(seen, [{ after: null }, { after: '1' }]);
});

test('a stream whose token is refused ends instead of knocking for ever', async () => {
  const fake = await startFake();
  fake.token = 'wrong';
  const error = await new Promise((resolve) => {
    fake.api.events.subscribe.subscribe({}, { onError: resolve });
  });
  assert.equal(describeError(error).code, 'unauthorized');
  const asked = fake.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(fake.requests.length, asked);
});

test('a token that is revoked while the stream is open ends it too', async () => {
  const fake = await startFake();
  fake.revoked = true;
  const error = await new Promise((resolve) => {
    fake.api.events.subscribe.subscribe({}, { onError: resolve });
  });
  assert.equal(describeError(error).what, 'The token was revoked');
});

function nextEvent(api: Api): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const subscription = api.events.subscribe.subscribe(
      {},
      {
        onData(data) {
          subscription.unsubscribe();
          resolve(data);
        },
        onError: reject,
      },
    );
  });
}
