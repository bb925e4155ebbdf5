/**
 * A real image registry on loopback, for tests that run in an engine's namespace, behind a door where faults are put:
 * what it refuses, breaks or never ends is decided request by request.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** `pass` on, answer with a status, `stall` after so many bytes of the body, or `mute`: accept and say nothing. */
export type RegistryAnswer =
  | 'pass'
  | 'mute'
  | { status: number; headers?: Record<string, string> }
  | { stallAfterBytes: number };

export interface TestRegistry {
  /** `127.0.0.1:PORT`: engines trust loopback without TLS. */
  address: string;
  /** Requests that came, as `GET /v2/…`. */
  readonly requests: string[];
  /** Decides about every request from now on. */
  behave(
    decide: (request: { method: string; path: string; authorization: string | undefined }) => RegistryAnswer,
  ): void;
  /** Copies an image of the engine into the registry; the reference to pull it by. */
  push(engineSocket: string, image: string, name: string): Promise<string>;
  close(): Promise<void>;
}

/** Decides as a registry with Basic credentials does. */
export function demandCredentials(username: string, password: string) {
  const wanted = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return ({ authorization }: { authorization: string | undefined }): RegistryAnswer =>
    authorization === wanted ? 'pass' : { status: 401, headers: { 'www-authenticate': 'Basic realm="test"' } };
}

/** Who a registry lets in that was started as `guarded`. The hash is bcrypt, which htpasswd of the registry wants. */
export const registryUser = { username: 'me', password: 'correct-horse-9' };
const registryUserHash = '$2b$05$abcdefghijklmnopqrstuuKtyOyM4aePTOrLl9yFCJHErGKuR5yk2';

/** Starts Debian's docker-registry and the door in front of it; `guarded` lets in `registryUser` alone. */
export async function startRegistry({ guarded = false } = {}): Promise<TestRegistry> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'minicloud-registry-'));
  const inner = await freePort();
  const config = path.join(folder, 'config.yml');
  const lines = ['version: 0.1', 'log: { level: error }', `http: { addr: "127.0.0.1:${inner}" }`];
  const users = path.join(folder, 'htpasswd');
  writeFileSync(users, `${registryUser.username}:${registryUserHash}\n`);
  if (guarded) lines.push(`auth: { htpasswd: { realm: test, path: "${users}" } }`);
  writeFileSync(config, `${[...lines, `storage: { filesystem: { rootdirectory: "${folder}/data" } }`].join('\n')}\n`);
  const registry = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  const requests: string[] = [];
  let decide: Parameters<TestRegistry['behave']>[0] = () => 'pass';

  const door = createServer((incoming, outgoing) => {
    const seen = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      authorization: incoming.headers.authorization,
    };
    requests.push(`${seen.method} ${seen.path}`);
    const answer = decide(seen);
    if (answer === 'mute') return;
    if (typeof answer === 'object' && 'status' in answer) {
      incoming.resume();
      outgoing.writeHead(answer.status, answer.headers).end();
    } else forward(incoming, outgoing, inner, answer === 'pass' ? Number.POSITIVE_INFINITY : answer.stallAfterBytes);
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(door.address() as AddressInfo).port}`;
  await untilServes(inner, registry);

  return {
    address,
    requests,
    behave(next) {
      decide = next;
    },
    async push(engineSocket, image, name) {
      const [repository = name, tag = 'latest'] = name.split(':');
      const target = `${address}/${repository}`;
      const names = `repo=${encodeURIComponent(target)}&tag=${tag}`;
      await post(engineSocket, `/images/${encodeURIComponent(image)}/tag?${names}`);
      const said = await post(engineSocket, `/images/${target}/push?tag=${tag}`, 'POST', guarded ? registryUser : {});
      await post(engineSocket, `/images/${target}:${tag}`, 'DELETE');
      if (said.includes('errorDetail')) throw new Error(`the push failed: ${said.slice(-500)}`);
      return `${target}:${tag}`;
    },
    async close() {
      door.closeAllConnections();
      door.close();
      const ended = new Promise((resolve) => registry.once('exit', resolve));
      if (registry.exitCode === null && registry.kill('SIGTERM')) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, port: number, mostBytes: number): void {
  const { method, url, headers } = incoming;
  const call = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    let sent = 0;
    answer.on('data', (chunk: Buffer) => {
      if (sent >= mostBytes) return;
      const part = chunk.subarray(0, mostBytes - sent);
      sent += part.length;
      if (!outgoing.write(part)) {
        answer.pause();
        outgoing.once('drain', () => answer.resume());
      }
    });
    // A stalled answer stays open until one of the two ends gives up.
    answer.on('end', () => sent < mostBytes && outgoing.end());
  });
  call.on('error', () => outgoing.destroy());
  outgoing.on('close', () => call.destroy());
  incoming.pipe(call);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilServes(port: number, registry: ChildProcess): Promise<void> {
  let failed: Error | undefined;
  registry.once('error', (error) => {
    failed = error;
  });
  for (let tries = 0; tries < 200 && !failed && registry.exitCode === null; tries++) {
    const ok = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      // One that wants a login serves, too.
      ({ ok, status }) => ok || status === 401,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw failed ?? new Error('docker-registry did not start');
}

function post(socketPath: string, at: string, method = 'POST', auth: object = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-registry-auth': Buffer.from(JSON.stringify(auth)).toString('base64') };
    const call = request({ socketPath, method, path: at, headers, timeout: 120_000 }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (text: string) => {
        body += text;
      });
      answer.on('end', () => {
        if ((answer.statusCode ?? 500) < 400) resolve(body);
        else reject(new Error(`${method} ${at}: ${answer.statusCode} ${body}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`the engine did not answer ${at}`)));
    call.on('error', reject);
    call.end();
  });
}
