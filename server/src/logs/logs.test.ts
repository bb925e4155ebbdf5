/** Logs that are too much: for the reader, for one answer, for the server. */
import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from 'minicloud-shared/model/system';
import { eventually, type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import type { EngineLogLine } from '../adapters/engine/contract.ts';
import { requireApp } from '../apps/apps.ts';
import { createFollower, followLogs, logQueue } from './logs.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion({ behaviour: () => ({ logs: ['hello'] }) });
  const text = 'name: shop\nimage: shop:1\nexpose: [{ port: 80 }]\nprocesses: { web: { count: 2 } }\n';
  const operation = await companion.deploy(text);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
});
after(() => companion.stop());

/**
 * Replicas that print without end, in place of what the double has: how much was taken from them. Followed ones print
 * `most` lines and then wait.
 */
function flood(chars: number, mostFollowed = Number.POSITIVE_INFINITY) {
  const taken = { lines: 0, open: 0 };
  const usual = companion.engine.logs;
  Object.assign(companion.cloud.engine, {
    async *logs(
      _id: string,
      { tail, follow, signal }: { tail?: number; follow?: boolean; signal?: AbortSignal },
    ): AsyncGenerator<EngineLogLine> {
      taken.open += 1;
      try {
        const most = follow ? mostFollowed : (tail ?? 0);
        for (let n = 0; n < most; n += 1) {
          taken.lines += 1;
          yield { at: 1_000 + n, stream: 'stdout', text: `${n} `.padEnd(chars, 'x') };
          // Real streams come in pieces, between which others get their turn.
          if (n % 500 === 0) await sleep(0);
        }
        if (follow) await sleep(60_000, undefined, signal ? { signal } : {}).catch(() => {});
      } finally {
        taken.open -= 1;
      }
    },
  });
  return { taken, end: () => Object.assign(companion.cloud.engine, { logs: usual }) };
}

/** Opens the stream and reads nothing until told to. */
function follower(lines = 100): Promise<IncomingMessage> {
  const input = encodeURIComponent(JSON.stringify({ app: 'shop', lines }));
  return new Promise((resolve, reject) => {
    const sent = request(
      `${companion.url}/trpc/logs.follow?input=${input}`,
      { agent: false, headers: { authorization: `Bearer ${companion.admin}`, accept: 'text/event-stream' } },
      (response) => resolve(response.pause().on('error', () => {})),
    );
    sent.on('error', reject);
    sent.end();
  });
}

/** The number once it has been the same for half a second. */
async function settled(what: string, value: () => number): Promise<number> {
  let last = -1;
  let since = performance.now();
  await eventually(what, () => {
    if (value() !== last) since = performance.now();
    last = value();
    return last > 0 && performance.now() - since > 500;
  });
  return last;
}

test('a reader that stalls holds the app’s stream back, and loses nothing by it', async () => {
  // Long lines, so that few of them fill what HTTP and this machine's sockets hold.
  const { taken, end } = flood(4_000);
  const stalled = await follower();
  try {
    const first = await settled('the server stops reading from the engine', () => taken.lines);
    // Sockets hold up to some ten megabytes, whatever is asked of them.
    assert.ok(first < 5_000, `${first} lines were read for a reader that takes none`);
    let text = '';
    const about: Record<string, number> = { 1: 0, 2: 0 };
    stalled.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      for (const replica of ['1', '2'])
        about[replica] = (about[replica] ?? 0) + part.split(`"replica":"${replica}"`).length - 1;
    });
    stalled.resume();
    // One replica may have begun before the other: what was held back is its lines alone.
    await eventually('it reads on, of both', () => {
      return taken.lines > first + 500 && Object.values(about).every((lines) => lines > 120);
    });
    stalled.pause();
    const found = [...text.matchAll(/^data: (\{"at".*\})$/gm)].map((match) => JSON.parse(match[1] ?? '') as LogLine);
    for (const replica of ['1', '2']) {
      const own = found.filter((line) => line.replica === replica);
      assert.ok(own.length > 100, `${own.length} lines of replica ${replica}`);
      assert.deepEqual(
        own.map((line) => line.at),
        own.map((_, n) => 1_000 + n),
        'none is missing and none comes twice',
      );
    }
  } finally {
    stalled.destroy();
    await eventually('the engine’s streams are closed with the reader’s', () => taken.open === 0);
    end();
  }
});

test('all readers together get a bounded number of lines in a second', async () => {
  const { taken, end } = flood(80);
  const stop = new AbortController();
  let got = 0;
  const app = await requireApp(companion.cloud, 'shop');
  // Read here and not over HTTP, which alone would be slower than the pace.
  const reading = Array.from({ length: 3 }, async () => {
    for await (const line of followLogs(companion.cloud, app, { lines: 100, signal: stop.signal }))
      got += line.text ? 1 : 0;
  });
  try {
    // What may go at once has gone.
    await eventually('the burst', () => got > 5_000);
    const [from, began] = [got, performance.now()];
    await sleep(2_000);
    const rate = (got - from) / ((performance.now() - began) / 1000);
    // The pace, and much less than the 30,000 there would be without.
    assert.ok(rate < 5_000, `${Math.round(rate)} lines a second`);
    assert.ok(rate > 200, `${Math.round(rate)} lines a second are hardly following`);
  } finally {
    stop.abort();
    await Promise.all(reading);
    await eventually('all are closed', () => taken.open === 0);
    end();
  }
});

test('more readers than there may be are refused in words', async () => {
  const { taken, end } = flood(10, 3);
  const readers = await Promise.all(Array.from({ length: 64 }, () => follower(0)));
  try {
    await eventually('all follow', () => taken.open === 128);
    const refused = await companion.call('logs.follow', 'subscription', { app: 'shop' }, { token: companion.admin });
    assert.equal(refused.code, 'rate_limited', refused.text);
    readers.pop()?.destroy();
    await eventually('one left', () => taken.open === 126);
    // The reader's place is free a moment after its streams are closed.
    await eventually('the next one follows', async () => {
      readers.push(await follower(0));
      await sleep(100);
      return taken.open === 128;
    });
  } finally {
    for (const reader of readers) reader.destroy();
    await eventually('all are closed', () => taken.open === 0);
    end();
  }
});

test('one answer holds the newest lines and tells what it left out', async () => {
  const { end } = flood(16_000);
  try {
    const lines = await companion.client.logs.tail.query({ app: 'shop', lines: 5_000 });
    const chars = lines.reduce((sum, line) => sum + line.text.length, 0);
    assert.ok(chars < 4.2 * 1024 * 1024, `${chars} characters`);
    const [first, ...rest] = lines;
    assert.equal(first?.leftOut?.lines, 10_000 - rest.length);
    assert.match(first?.text ?? '', /^\[minicloud\] \d+ older lines are left out/);
    assert.equal(rest.at(-1)?.at, 1_000 + 4_999);
  } finally {
    end();
  }
});

test('whoever is far behind goes on with the newest, and is told what is missing', async () => {
  let now = 0;
  let newest = 3;
  const tails: (number | undefined)[] = [];
  const labels = { 'minicloud.process': 'web' };
  const container = {
    id: 'c1',
    name: 'c1',
    image: 'i',
    labels,
    state: 'running',
    addresses: {},
    createdAt: 0,
  } as const;
  // Writes a line each second by a clock that is hours away from ours.
  const engine = {
    async *logs(_id: string, { tail = 0 }: { tail?: number }): AsyncGenerator<EngineLogLine> {
      tails.push(tail);
      const text = (n: number) => ({ at: 7_200_000 + n * 1_000, stream: 'stdout' as const, text: `line ${n}` });
      for (let n = Math.max(0, newest - tail); n < newest; n += 1) yield text(n);
      if (tails.length > 1) return;
      yield text(3);
    },
  };
  const queue = logQueue();
  // Much is written while nobody takes the third line, so that the fourth is read a minute late.
  const waiting = {
    ...queue,
    async push(line: LogLine) {
      const taken = await queue.push(line);
      if (line.text !== 'line 2') return taken;
      now += 60_000;
      newest = 2_000;
      return taken;
    },
  };
  const seen: LogLine[] = [];
  const cloud = { ...companion.cloud, engine: { ...companion.cloud.engine, ...engine } };
  const follow = createFollower(cloud, { name: 'shop' }, waiting, new AbortController().signal, () => now);
  const reading = (async () => {
    for (let line = await waiting.take(); line; line = await waiting.take()) {
      seen.push(line);
    }
  })();
  await follow(container, 100);
  waiting.close();
  await reading;
  assert.deepEqual(tails, [100, 1_000]);
  const gap = seen.findIndex((line) => line.leftOut);
  assert.ok(gap > 0, JSON.stringify(seen.slice(0, 6)));
  const [before, told, next] = seen.slice(gap - 1, gap + 2);
  assert.equal(told?.leftOut?.from, before?.at);
  assert.equal(told?.leftOut?.to, next?.at);
  assert.match(told?.text ?? '', /^\[minicloud\] Lines from 02:00:02\.000 to 02:16:40\.000 UTC are missing here/);
  assert.equal(next?.text, 'line 1000', 'the newest thousand');
});
