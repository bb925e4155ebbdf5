/** A real proxy with apps behind it, in this process, and a visitor's ways of asking. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Engine } from '../../server/src/adapters/engine/contract.ts';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';
import type { ProxySettings } from '../../server/src/adapters/proxy/config.ts';
import { createNginxProxy } from '../../server/src/adapters/proxy/nginx.ts';

export const httpPort = 18_080;
export const httpsPort = 18_443;
const installation = 'h3-contract';
export const container = `minicloud-proxy-${installation}`;

export type NginxProxy = ReturnType<typeof createNginxProxy>;

export interface Lab {
  engine: Engine;
  proxy: NginxProxy;
  home: string;
  /** Another companion for the same proxy, or one with other settings. */
  makeProxy(settings?: Partial<ProxySettings>): NginxProxy;
  close(): Promise<void>;
}

/** The socket of the engine to use; throws with the reason when the environment does not name it. */
export function engineSocket(): string {
  const socketPath = process.env.MINICLOUD_TEST_DOCKER;
  if (!socketPath || !process.env.MINICLOUD_TEST_PROXY_IMAGE) {
    throw new Error(
      'Set MINICLOUD_TEST_DOCKER (socket of a Docker engine whose network this process shares) and MINICLOUD_TEST_PROXY_IMAGE.',
    );
  }
  return socketPath;
}

/** Starts a proxy with an empty home. */
export async function startLab(settings: Partial<ProxySettings> = {}): Promise<Lab> {
  const engine = await createDockerEngine({ socketPath: engineSocket(), installation });
  const home = await mkdtemp(path.join(tmpdir(), 'h3-'));
  const image = async () => {
    const found = await engine.inspectImage(process.env.MINICLOUD_TEST_PROXY_IMAGE ?? '');
    if (!found) throw new Error(`${process.env.MINICLOUD_TEST_PROXY_IMAGE} is not in the engine.`);
    return found.id;
  };
  const usual = { bindAddress: '127.0.0.1', workers: 2, ...settings };
  const makeProxy = (change: Partial<ProxySettings> = {}) =>
    createNginxProxy({ engine, home, image, httpPort, httpsPort, ...usual, ...change });
  const proxy = makeProxy();
  // One that a killed run left behind would be taken for ours, with a home that is gone.
  await engine.removeContainer(container);
  await proxy.ensure();
  return {
    ...{ engine, proxy, home, makeProxy },
    async close() {
      await proxy.remove();
      await rm(home, { recursive: true, force: true });
    },
  };
}

export interface App {
  address: string;
  server: Server;
  /** Requests that reached it. */
  hits: number;
  close(): Promise<void>;
}

/** An app at a port of its own; without a listener it answers JSON of what it was asked. */
export async function startApp(listener?: RequestListener): Promise<App> {
  const app: App = { address: '', server: createServer(), hits: 0, close: async () => {} };
  app.server.on('request', (request, response) => {
    app.hits += 1;
    if (listener) return listener(request, response);
    request.resume();
    request.on('end', () => {
      response.setHeader('x-target', app.address);
      response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers }));
    });
  });
  app.server.listen(0, '127.0.0.1');
  await once(app.server, 'listening');
  app.address = `127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  app.close = async () => {
    app.server.closeAllConnections();
    await new Promise((resolve) => app.server.close(resolve));
  };
  return app;
}

/** An address of this machine where nothing listens. */
export async function deadAddress(): Promise<string> {
  const app = await startApp();
  await app.close();
  return app.address;
}

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

export interface Ask extends Omit<RequestOptions, 'headers'> {
  scheme?: 'http' | 'https';
  host: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** One request through the proxy, on a connection of its own unless an agent is given. */
export async function ask({ scheme = 'http', host, headers = {}, body, ...rest }: Ask): Promise<Answer> {
  const options: RequestOptions = {
    ...{ host: '127.0.0.1', port: scheme === 'http' ? httpPort : httpsPort, servername: host, agent: false },
    ...{ rejectUnauthorized: false, headers: { host, ...headers }, ...rest },
  };
  const sent = scheme === 'http' ? httpRequest(options) : httpsRequest(options);
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, text: await readAll(response) };
}

/** A body as text. */
export async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}

/** Sends bytes as they are and gives all that comes back until the proxy hangs up. */
export async function raw(text: string): Promise<string> {
  const socket: Socket = connect(httpPort, '127.0.0.1');
  socket.write(text);
  return await readAll(socket);
}
