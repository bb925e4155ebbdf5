/** What reaches the API that is not a proper request, and what it is told. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { problemSchema } from 'minicloud-shared/model/problem';
import {
  type Answer,
  ask,
  type MemoryCompanion,
  startMemoryCompanion,
} from '../../../test/harness/memory-companion.ts';
import { createApiServer } from './server.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion();
});
after(() => companion.stop());

const repository = new URL('../../..', import.meta.url).pathname;

/** The one form of every error; gives its code. */
function problemOf(answer: Pick<Answer, 'text' | 'headers'>): string {
  const body = JSON.parse(answer.text) as { error: { message: string; data: { problem: unknown } } };
  const problem = problemSchema.parse(body.error.data.problem);
  assert.equal(body.error.message, problem.what);
  for (const word of [problem.what, problem.object, problem.why, problem.remedy]) assert.ok(word.length > 0);
  assert.doesNotMatch(answer.text, /\bat .*\(.*:\d+:\d+\)|node_modules|node:internal|\.ts:\d/, 'a stack trace');
  assert.ok(!answer.text.includes(companion.home) && !answer.text.includes(repository), 'a path of the machine');
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  return problem.code;
}

const bearer = () => ({ authorization: `Bearer ${companion.admin}` });
const json = () => ({ ...bearer(), 'content-type': 'application/json' });
const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = json()) =>
  ask(`${companion.url}${path}`, { method: 'POST', headers, body });

test('only the names of this machine are answered to', async () => {
  const { port } = new URL(companion.url);
  for (const host of [
    'evil.example.com',
    `evil.example.com:${port}`,
    '127.0.0.1.evil.com',
    'localhost.evil.com',
    '[::1].evil',
  ]) {
    const answer = await ask(`${companion.url}/trpc/system.info`, { headers: { ...bearer(), host } });
    assert.ok(answer.status === 403 || answer.status === 400, `${host}: ${answer.status}`);
    assert.ok(['host_refused', 'invalid_input'].includes(problemOf(answer)));
  }
  assert.match(await raw(['GET /health HTTP/1.0\r\n\r\n']), /^HTTP\/1.1 403 /, 'no name at all');
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'localhost', '[::1]']) {
    assert.equal(
      (await ask(`${companion.url}/trpc/system.info`, { headers: { ...bearer(), host } })).status,
      200,
      host,
    );
  }
});

test('pages of other origins can neither read nor change anything', async () => {
  const { host } = new URL(companion.url);
  for (const origin of [
    'http://evil.example.com',
    'https://localhost',
    'null',
    'http://localhost:1',
    `http://${host}.evil.com`,
  ]) {
    for (const method of ['POST', 'GET']) {
      const answer = await ask(`${companion.url}/trpc/${method === 'GET' ? 'apps.list' : 'plans.create'}`, {
        method,
        headers: { ...json(), origin },
        ...(method === 'POST' ? { body: '{}' } : {}),
      });
      assert.equal(answer.status, 403, origin);
      assert.equal(problemOf(answer), 'forbidden');
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
  }
  const same = await ask(`${companion.url}/trpc/apps.list`, { headers: { ...bearer(), origin: `http://${host}` } });
  assert.equal(same.status, 200);
  const preflight = await ask(`${companion.url}/trpc/apps.list`, {
    method: 'OPTIONS',
    headers: { origin: 'http://evil.example.com' },
  });
  assert.equal(preflight.headers['access-control-allow-origin'], undefined);
});

test('bodies that are not what was asked for are refused, each with its status', async () => {
  const cases: [string, Promise<Answer>, number][] = [
    ['too large', post('/trpc/plans.create', JSON.stringify({ manifest: 'x'.repeat(1024 * 1024 + 1) })), 413],
    [
      'larger than a manifest may be',
      post('/trpc/plans.create', JSON.stringify({ manifest: 'x'.repeat(300 * 1024) })),
      400,
    ],
    ['text', post('/trpc/plans.create', '{}', { ...bearer(), 'content-type': 'text/plain' }), 415],
    [
      'a form',
      post('/trpc/plans.create', 'a=b', { ...bearer(), 'content-type': 'application/x-www-form-urlencoded' }),
      415,
    ],
    [
      'a multipart form',
      post('/trpc/plans.create', '--x--', { ...bearer(), 'content-type': 'multipart/form-data; boundary=x' }),
      415,
    ],
    ['not JSON', post('/trpc/plans.create', '{"manifest": '), 400],
    ['a list', post('/trpc/plans.create', '[]'), 400],
    ['a text', post('/trpc/plans.create', '"x"'), 400],
    ['nothing', post('/trpc/plans.create', 'null'), 400],
    ['not UTF-8', post('/trpc/plans.create', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])), 400],
    ['half a character', post('/trpc/plans.create', Buffer.from('{"manifest":"é"}', 'latin1')), 400],
    ['an unknown field', post('/trpc/plans.create', '{"manifest":"name: shop","colour":"red"}'), 400],
    ['a prototype', post('/trpc/plans.create', '{"manifest":"name: shop","__proto__":{"app":"x"}}'), 400],
    [
      'a constructor',
      post('/trpc/plans.create', '{"manifest":"name: shop","constructor":{"prototype":{"scope":"admin"}}}'),
      400,
    ],
    ['a number for a text', post('/trpc/plans.create', '{"manifest":1}'), 400],
    ['a name with a path', post('/trpc/apps.delete', '{"name":"../../etc","confirm":"x"}'), 400],
    [
      'an input where there is none',
      ask(`${companion.url}/trpc/apps.list?input=${encodeURIComponent('{"all":true}')}`, { headers: bearer() }),
      400,
    ],
    ['an input that is not JSON', ask(`${companion.url}/trpc/apps.get?input=%7B`, { headers: bearer() }), 400],
  ];
  for (const [name, asked, status] of cases) {
    const answer = await asked;
    assert.match(answer.text, /"problem"/, name);
    const code = problemOf(answer);
    assert.equal(code, 'invalid_input', name);
    assert.equal(answer.status, status, `${name}: ${answer.text.slice(0, 300)}`);
  }
  assert.equal(({} as { app?: string }).app, undefined, 'nothing was added to every object');
  assert.deepEqual(await companion.client.apps.list.query(), []);
});

test('what is not there is told in the same form', async () => {
  const asked: [string, string, number][] = [
    ['GET', '/', 404],
    ['GET', '/nothing', 404],
    ['GET', '/trpc', 404],
    ['GET', '/trpc/', 404],
    ['GET', '/trpc/no.such', 404],
    ['GET', '/trpc/__proto__', 404],
    ['GET', '/trpc/constructor.name', 404],
    ['GET', '/trpc/apps.list/more', 404],
    ['GET', '/../../etc/passwd', 404],
    ['GET', '/trpc/%2e%2e%2fapps', 404],
    ['GET', '/trpc/%ff', 400],
    ['GET', '/%', 400],
    ['PUT', '/trpc/apps.list', 405],
    ['DELETE', '/trpc/apps.delete', 405],
    ['GET', '/trpc/apps.delete', 405],
    ['POST', '/trpc/apps.list', 405],
    ['PATCH', '/health', 404],
  ];
  for (const [method, path, status] of asked) {
    const answer = await ask(`${companion.url}${path}`, {
      method,
      headers: path.startsWith('/trpc') ? json() : bearer(),
    });
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
    assert.ok(['not_found', 'invalid_input'].includes(problemOf(answer)), `${method} ${path}`);
  }
  const long = await ask(`${companion.url}/trpc/${'a'.repeat(3000)}`, { headers: bearer() });
  assert.ok(long.status >= 400 && long.status < 500);
  problemOf(long);
});

test('a batch has an end', async () => {
  const batch = (count: number) =>
    ask(`${companion.url}/trpc/${Array(count).fill('system.rootCertificate').join(',')}?batch=1`, {
      headers: bearer(),
    });
  assert.equal((await batch(20)).status, 200);
  const answer = await batch(21);
  assert.equal(answer.status, 400);
  assert.equal(problemOf(answer), 'invalid_input');
});

test('security headers are on every answer, good or bad', async () => {
  const answers = await Promise.all([
    ask(`${companion.url}/health`),
    ask(`${companion.url}/trpc/apps.list`, { headers: bearer() }),
    ask(`${companion.url}/trpc/apps.list`),
    ask(`${companion.url}/nothing`),
    ask(`${companion.url}/%`),
    ask(`${companion.url}/health`, { headers: { host: 'evil.example.com' } }),
    post('/trpc/plans.create', 'x', { 'content-type': 'text/plain' }),
  ]);
  for (const { headers, status } of answers) {
    assert.match(String(headers['content-security-policy']), /default-src 'none'/, String(status));
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['x-powered-by'], undefined);
    assert.equal(headers['access-control-allow-origin'], undefined);
  }
});

/** Sends bytes as they are; resolves with what came back when the server closes. */
function raw(parts: string[], port = Number(new URL(companion.url).port)): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', (error: Error & { code?: string }) =>
      ['ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? resolve(text) : reject(error),
    );
    for (const part of parts) socket.write(part);
  });
}

test('what is not HTTP, or too much of it, is answered in the same form and hung up on', async () => {
  const start = 'GET /trpc/apps.list HTTP/1.1\r\nHost: localhost\r\n';
  const cases: [string, string, number][] = [
    ['not HTTP', 'hello there\r\n\r\n', 400],
    ['huge headers', `${start}X-Long: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    ['two lengths', `${start}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
    [
      'length and chunks',
      `POST /trpc/plans.create HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['a bare line feed in a header', `${start}X-A: b\nX-B: c\r\n\r\n`, 400],
  ];
  for (const [name, bytes, status] of cases) {
    const text = await raw([bytes]);
    assert.match(text, new RegExp(`^HTTP/1.1 ${status} `), `${name}: ${text.slice(0, 200)}`);
    const [head = '', body = ''] = text.split('\r\n\r\n');
    assert.equal(
      problemOf({ text: body, headers: { 'content-type': /content-type: (.*)/i.exec(head)?.[1] ?? '' } }),
      'invalid_input',
      name,
    );
    assert.match(head, /content-security-policy/i);
  }
  assert.equal((await ask(`${companion.url}/health`)).status, 200, 'others are answered as before');
});

test('a header or a body that never ends is hung up on', async () => {
  const impatient = await createApiServer(companion.cloud, { headersMs: 200, requestMs: 400, checkMs: 50 });
  const port = Number(new URL(await impatient.listen({ host: '127.0.0.1', port: 0 })).port);
  const head = 'POST /trpc/plans.create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  try {
    const [header, body] = await Promise.all([
      raw([head], port),
      raw([`${head}Authorization: ${bearer().authorization}\r\nContent-Length: 100\r\n\r\n{`], port),
    ]);
    assert.match(header, /^HTTP\/1.1 408 /);
    assert.match(header, /"code":"invalid_input"/);
    assert.match(body, /^HTTP\/1.1 408 /);
  } finally {
    await impatient.close();
  }
  const usual = await createApiServer(companion.cloud);
  const { headersTimeout, requestTimeout } = usual.server;
  await usual.close();
  assert.deepEqual({ headersTimeout, requestTimeout }, { headersTimeout: 15_000, requestTimeout: 60_000 });
});

test('an unexpected failure says where its cause is, and not what it is', async () => {
  const { db } = companion.cloud;
  const original = db.selectFrom;
  const secret = `no such table at ${companion.home}/minicloud.db`;
  Object.assign(db, {
    selectFrom: (table: string) => {
      if (table === 'apps') throw new Error(secret);
      return original.call(db, table as 'apps');
    },
  });
  try {
    const answer = await ask(`${companion.url}/trpc/apps.list`, { headers: bearer() });
    assert.equal(answer.status, 500);
    assert.equal(problemOf(answer), 'internal');
    const reference = /under ([a-z2-7]{8})/.exec(answer.text)?.[1];
    assert.ok(reference, answer.text);
    const line = companion.log.find((written) => written.includes(reference));
    assert.ok(line?.includes('no such table'), 'the log has it under the same reference');
  } finally {
    Object.assign(db, { selectFrom: original });
  }
});

test('a full disk is told as that, wherever it was met', async () => {
  // As SQLite itself does it: the database may have no page more than it has.
  const pages = async (most: number) => sql`PRAGMA max_page_count = ${sql.lit(most)}`.execute(companion.cloud.db);
  await pages(1);
  const manifest = `name: full\nimage: full:1\nenv: { TEXT: "${'x'.repeat(20_000)}" }\n`;
  const answer = await post('/trpc/deploys.start', JSON.stringify({ manifest }));
  await pages(1_000_000_000);
  assert.equal(problemOf(answer), 'disk_full', answer.text);
});

test('tokens can not be guessed in a row; who has one is not hindered, and the log is not filled', async () => {
  const from = await companion.cloud.events.latest();
  const guess = () =>
    ask(`${companion.url}/trpc/apps.list`, {
      headers: { authorization: `Bearer mc_user_aaaaaaaaaa_${'A'.repeat(43)}` },
      from: '127.0.77.1',
    });
  const answers: Answer[] = [];
  for (let n = 0; n < 60; n += 1) answers.push(await guess());
  const refused = answers.filter(({ status }) => status === 429);
  assert.equal(answers.filter(({ status }) => status === 401).length, 30);
  assert.equal(refused.length, 30);
  for (const answer of refused) {
    assert.equal(problemOf(answer), 'rate_limited');
    const wait = Number(answer.headers['retry-after']);
    assert.ok(wait >= 1 && wait <= 60, String(answer.headers['retry-after']));
  }
  const valid = await ask(`${companion.url}/trpc/apps.list`, { headers: bearer(), from: '127.0.77.1' });
  assert.equal(valid.status, 200, 'a valid token from the same address');
  const written = await companion.cloud.events.after(from, 1000);
  assert.equal(written.filter((event) => event.body.kind === 'access.denied').length, 1, 'one entry for all of them');
});

test('too many requests are told when to come again', async () => {
  const address = '127.0.78.1';
  let last: Answer | undefined;
  let asked = 0;
  while (asked < 700 && last?.status !== 429) {
    const some = await Promise.all(Array.from({ length: 50 }, () => ask(`${companion.url}/health`, { from: address })));
    asked += some.length;
    last = some.find(({ status }) => status === 429) ?? some[0];
  }
  assert.equal(last?.status, 429, `after ${asked}`);
  assert.equal(problemOf(last as Answer), 'rate_limited');
  assert.ok(Number(last?.headers['retry-after']) >= 1);
  assert.equal((await ask(`${companion.url}/trpc/apps.list`, { headers: bearer(), from: address })).status, 200);
});
