/**
 * A whole companion inside the test's own process: the real HTTP server and database over the in-memory engine, with a
 * clock that can be moved and containers that do what the test says.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { EventSource } from 'eventsource';
import type { AppRouter } from 'minicloud-server/router';
import { createClient } from 'minicloud-shared/client/client';
import type { Scope, Token } from 'minicloud-shared/model/access';
import type { Operation } from 'minicloud-shared/model/operation';
import type { Problem } from 'minicloud-shared/model/problem';
import { createToken } from '../../server/src/access/access.ts';
import type { ContainerSpec } from '../../server/src/adapters/engine/contract.ts';
import { createMemoryEngine, type MemoryEngine } from '../../server/src/adapters/engine/memory.ts';
import type { Behaviour, MemoryWorld } from '../../server/src/adapters/engine/memory-world.ts';
import { startCompanion } from '../../server/src/companion.ts';
import { homePaths, readConfig } from '../../server/src/config.ts';
import { type Cloud, systemPrincipal } from '../../server/src/context.ts';
import type { Client } from './companion.ts';

export interface MemoryCompanion {
  cloud: Cloud;
  engine: MemoryEngine;
  url: string;
  home: string;
  /** An administrator of everything. */
  admin: string;
  client: Client;
  /** Lines of the companion's log. */
  log: string[];
  /** Moves its clock, milliseconds. */
  pass(ms: number): void;
  token(scope: Scope, more?: { apps?: string[]; expiresAt?: number; name?: string }): Promise<Made>;
  clientOf(token: string, fetch?: typeof globalThis.fetch): Client;
  /** One call of a procedure by plain HTTP. */
  call(procedure: string, kind: 'query' | 'mutation' | 'subscription', input: unknown, how?: How): Promise<Outcome>;
  /** Starts the deploy as the administrator and waits for its end. */
  deploy(manifest: string, image?: string): Promise<Operation>;
  /** A copy of its home as `kill -9` would leave it at this moment, to start another companion on. */
  homeIfKilled(): Promise<string>;
  stop(): Promise<void>;
}

export interface Made {
  token: Token;
  value: string;
}

export interface How {
  token?: string | undefined;
  /** Address of the loopback that the request comes from: failed tokens are counted by it. */
  from?: string;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** What came of a call: `ok` or the problem's code. */
export interface Outcome extends Answer {
  code: string;
  problem?: Problem;
}

export interface MemoryOptions {
  behaviour?: (spec: ContainerSpec) => Behaviour;
  /** A home to use again; made and removed otherwise. */
  home?: string;
  settings?: readonly string[];
  /** The machine of another companion, with the containers that run there; a new one otherwise. */
  world?: MemoryWorld;
  /** Stops it while it starts. */
  signal?: AbortSignal;
}

export async function startMemoryCompanion(options: MemoryOptions = {}): Promise<MemoryCompanion> {
  const home = options.home ?? (await mkdtemp(path.join(tmpdir(), 'minicloud-memory-')));
  const log: string[] = [];
  let ahead = 0;
  const made: MemoryEngine[] = [];
  const config = readConfig(['--home', home, '--engine', 'memory', '--drain-ms', '0', ...(options.settings ?? [])], {});
  const companion = await startCompanion(
    // The system chooses the port.
    { ...config, apiPort: 0 },
    {
      version: '0.0.0-test',
      serverFolder: path.resolve(import.meta.dirname, '../../server'),
      clock: { now: () => Date.now() + ahead },
      write: (line) => log.push(line),
      engine: (installation) => {
        const engine = createMemoryEngine({
          installation,
          acceptAnyImage: true,
          ...(options.world ? { world: options.world } : {}),
          ...(options.behaviour ? { behaviour: options.behaviour } : {}),
        });
        made.push(engine);
        return engine;
      },
    },
    options.signal,
  );
  const [engine] = made;
  if (!engine) throw new Error('the companion made no engine');
  const { cloud, apiUrl: url } = companion;
  const token: MemoryCompanion['token'] = (scope, { name = `${scope} token`, ...more } = {}) =>
    createToken(cloud, systemPrincipal, { name, scope, ...more });
  const clientOf: MemoryCompanion['clientOf'] = (value, fetch) =>
    createClient<AppRouter>({
      url,
      ...(fetch ? { fetch } : {}),
      token: async () => value,
      EventSource,
      timeoutMs: { query: 30_000, mutation: 60_000 },
    });
  const admin = (await token('admin', { name: 'test administrator' })).value;
  const client = clientOf(admin);
  return {
    cloud,
    engine,
    url,
    home,
    admin,
    client,
    log,
    pass: (ms) => {
      ahead += ms;
    },
    token,
    clientOf,
    call: (procedure, kind, input, how) => call(url, procedure, kind, input, how),
    async deploy(manifest, image) {
      const started = await client.deploys.start.mutate({ manifest, ...(image === undefined ? {} : { image }) });
      return cloud.operations.finished(started.operationId);
    },
    async homeIfKilled() {
      const copy = await mkdtemp(path.join(tmpdir(), 'minicloud-killed-'));
      await cp(home, copy, { recursive: true, filter: (file) => !path.basename(file).startsWith('minicloud.db') });
      const file = new Database(homePaths(home).database, { readonly: true });
      await file.backup(homePaths(copy).database);
      file.close();
      return copy;
    },
    async stop() {
      await companion.stop();
      if (options.home === undefined) await rm(home, { recursive: true, force: true });
    },
  };
}

async function call(
  url: string,
  procedure: string,
  kind: 'query' | 'mutation' | 'subscription',
  input: unknown,
  { token, from }: How = {},
): Promise<Outcome> {
  const query = input === undefined || kind === 'mutation' ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`;
  const answer = await ask(`${url}/trpc/${procedure}${query}`, {
    method: kind === 'mutation' ? 'POST' : 'GET',
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(kind === 'mutation' ? { 'content-type': 'application/json' } : {}),
      ...(kind === 'subscription' ? { accept: 'text/event-stream' } : {}),
    },
    ...(kind === 'mutation' && input !== undefined ? { body: JSON.stringify(input) } : {}),
    ...(from === undefined ? {} : { from }),
    // The first thing that a stream tells, be it an event or an error.
    ...(kind === 'subscription'
      ? {
          until: (text: string) =>
            text
              .split('\n\n')
              .slice(0, -1)
              .some((block) => !/^event: (connected|ping)$/m.test(block)),
        }
      : {}),
  });
  return { ...answer, ...outcomeOf(answer.text) };
}

function outcomeOf(text: string): { code: string; problem?: Problem } {
  const inStream = /^event: serialized-error\ndata: (.*)$/m.exec(text)?.[1];
  const shape = (inStream ? { error: JSON.parse(inStream) } : text.startsWith('{') ? JSON.parse(text) : {}) as {
    error?: { data?: { problem?: Problem } };
  };
  const problem = shape.error?.data?.problem;
  if (!shape.error) return { code: 'ok' };
  return problem ? { code: problem.code, problem } : { code: `not a problem: ${text}` };
}

export interface Ask {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Uint8Array;
  from?: string;
  /** Ends the answer as soon as this is true of what came so far. */
  until?: (text: string) => boolean;
}

const askWithinMs = 20_000;

/** One request as it stands: nothing is added but Host and Content-Length. */
export function ask(url: string, { method = 'GET', headers = {}, body, from, until }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method, headers, agent: false, ...(from === undefined ? {} : { localAddress: from }) },
      (response) => {
        let text = '';
        const done = () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (!until?.(text)) return;
          done();
          sent.destroy();
        });
        response.on('end', done);
        response.on('error', reject);
      },
    );
    sent.setTimeout(askWithinMs, () => sent.destroy(new Error(`no answer within ${askWithinMs} ms`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Polls until it is true; fails with what was waited for. */
export async function eventually(
  what: string,
  check: () => boolean | Promise<boolean>,
  limitMs = 10_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`this did not come: ${what}`);
    await sleep(10);
  }
}

/** What events say of the server that are appended while `work` runs. */
export async function toldBy({ cloud: { events } }: MemoryCompanion, work: () => Promise<void>): Promise<string[]> {
  const mark = await events.append({ by: 'test', body: { kind: 'server.changed', what: 'mark' } });
  await work();
  const last = await events.append({ by: 'test', body: { kind: 'server.changed', what: 'end' } });
  const found: string[] = [];
  for await (const { id, body } of events.follow({ lastId: mark.id, signal: AbortSignal.timeout(5_000) })) {
    if (id >= last.id) break;
    if (body.kind === 'server.changed') found.push(body.what);
  }
  return found;
}

/** How a part of the server says that it is. */
export async function componentOf({ client }: MemoryCompanion, wanted: string) {
  return (await client.system.status.query()).components.find(({ name }) => name === wanted);
}
