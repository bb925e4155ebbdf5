/**
 * What the proxy costs beside an nginx whose configuration was written by hand for one site: same image, same number
 * of workers, same app behind it; and how soon a changed route is visible, without a reload.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { request } from 'undici';
import type { ContainerSpec, Engine } from '../../server/src/adapters/engine/contract.ts';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';
import type { ProxyRoute, ProxyTable } from '../../server/src/adapters/proxy/contract.ts';
import { createControl } from '../../server/src/adapters/proxy/control.ts';
import { createNginxProxy } from '../../server/src/adapters/proxy/nginx.ts';
import { makeThrowaway } from '../../server/src/adapters/proxy/throwaway.ts';
import { type BenchRow, median } from './row.ts';

const ports = { http: 18_080, https: 18_443, staticHttp: 18_081, staticHttps: 18_444, app: 18_082, otherApp: 18_083 };
const workers = 2;
const rounds = Number(process.env.MINICLOUD_BENCH_ROUNDS ?? 15);
const loadSeconds = 2;
const connections = 64;
const host = 'localhost';
const throughputBar = 0.88;

/** Fails when the environment does not name an engine; run inside its network namespace. */
export async function run(): Promise<BenchRow[]> {
  const engine = await createDockerEngine({
    socketPath: fromEnvironment('MINICLOUD_TEST_DOCKER'),
    installation: 'bench-proxy',
  });
  const image = await engine.inspectImage(fromEnvironment('MINICLOUD_TEST_PROXY_IMAGE'));
  if (!image) throw new Error('The image of the proxy is not in the engine.');
  const home = await mkdtemp(path.join(tmpdir(), 'mcb-'));
  const proxy = createNginxProxy({
    ...{ engine, home, image: async () => image.id, bindAddress: '127.0.0.1', workers },
    ...{ httpPort: ports.http, httpsPort: ports.https },
  });
  try {
    const certificate = await makeThrowaway(Date.now());
    await startApps(engine, image.id, home);
    await startStatic(engine, image.id, home, certificate);
    await proxy.ensure();
    const table: ProxyTable = { routes: [route(host)], certificates: [{ host, ...certificate }], challenges: [] };
    await proxy.apply(table);
    return [
      await throughput('requests plain', `http://${host}`, ports.http, ports.staticHttp),
      await throughput('requests HTTPS', `https://${host}`, ports.https, ports.staticHttps),
      await visibility(proxy, home, 10, 50),
      await visibility(proxy, home, 10_000, 100),
    ];
  } finally {
    await proxy.remove();
    for (const name of ['static', 'apps']) await engine.removeContainer(`minicloud-bench-proxy-${name}`);
    await rm(home, { recursive: true, force: true });
  }
}

/** Alternates, so that whatever else the machine does meets both; the middle of the ratios is the result. */
async function throughput(name: string, url: string, ours: number, theirs: number): Promise<BenchRow> {
  const measured: { ours: number; theirs: number }[] = [];
  for (const port of [ours, theirs]) await load(`${url}:${port}/`, 1);
  for (let round = 0; round < rounds; round += 1) {
    const first = await load(`${url}:${round % 2 === 0 ? ours : theirs}/`, loadSeconds);
    const second = await load(`${url}:${round % 2 === 0 ? theirs : ours}/`, loadSeconds);
    measured.push(round % 2 === 0 ? { ours: first, theirs: second } : { ours: second, theirs: first });
  }
  const ratio = median(measured.map((pair) => pair.ours / pair.theirs));
  return {
    name: `proxy: ${name}`,
    value: median(measured.map((pair) => pair.ours)),
    unit: 'req/s',
    reference: median(measured.map((pair) => pair.theirs)),
    ratio,
    bar: `ratio ≥ ${throughputBar} of a hand-written nginx`,
    ok: ratio >= throughputBar,
  };
}

/** Requests per second by wrk; throws when any request failed. */
async function load(url: string, seconds: number): Promise<number> {
  const argv = ['-t', '2', '-c', String(connections), '-d', `${seconds}s`, url];
  const { stdout } = await promisify(execFile)('wrk', argv, { timeout: 60_000 });
  if (/Non-2xx|Socket errors: .*[1-9]/.test(stdout)) throw new Error(`Requests failed under load:\n${stdout}`);
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(rate > 0)) throw new Error(`wrk said nothing useful:\n${stdout}`);
  return rate;
}

/** From asking for the change to an answer of the new target through the proxy. */
async function visibility(
  proxy: ReturnType<typeof createNginxProxy>,
  home: string,
  count: number,
  mostMs: number,
): Promise<BenchRow> {
  const control = createControl(path.join(home, 'proxy/run/control.sock'));
  const routes = Array.from({ length: count }, (_, index) => route(`site-${index}.example.com`));
  const table: ProxyTable = { routes, certificates: [], challenges: [] };
  await proxy.apply(table);
  const { pids } = await control.status();
  const times: number[] = [];
  for (let change = 1; change <= 15; change += 1) {
    const index = (change * 7919) % count;
    const app = change % 2 === 1 ? ports.otherApp : ports.app;
    const name = `site-${index}.example.com`;
    await answerOf(name);
    routes[index] = route(name, app);
    // A fresh copy, as the companion makes it from its database every time.
    const fresh = structuredClone(table);
    const started = performance.now();
    await proxy.apply(fresh);
    while ((await answerOf(name)) !== String(app));
    times.push(performance.now() - started);
  }
  const after = (await control.status()).pids;
  const sameWorkers = pids.join() === after.join();
  const value = median(times);
  return {
    name: `proxy: change visible, ${count.toLocaleString('en')} routes${sameWorkers ? '' : ', workers were replaced'}`,
    value,
    unit: 'ms',
    bar: `≤ ${mostMs} ms, same workers`,
    ok: value <= mostMs && sameWorkers,
  };
}

async function answerOf(name: string): Promise<string> {
  const answer = await request(`http://127.0.0.1:${ports.http}/`, { headers: { host: name } });
  return await answer.body.text();
}

function route(name: string, app: number = ports.app): ProxyRoute {
  return {
    ...{ host: name, path: '/', app: 'bench', maxBodyBytes: 100e6, timeoutMs: 60_000, tls: 'off' as const },
    targets: [{ address: `127.0.0.1:${app}`, weight: 1, release: 1 }],
  };
}

async function startApps(engine: Engine, image: string, home: string): Promise<void> {
  const servers = [ports.app, ports.otherApp].map(
    (port) =>
      `server { listen 127.0.0.1:${port} backlog=4096; keepalive_requests 1000000; location / { return 200 "${port}"; } }`,
  );
  await startNginx(engine, image, home, 'apps', servers.join('\n'));
}

/** What somebody would write for one site, with care: keep-alive to the app, modern TLS, the usual headers. */
async function startStatic(
  engine: Engine,
  image: string,
  home: string,
  certificate: { certificatePem: string; keyPem: string },
): Promise<void> {
  await mkdir(path.join(home, 'static'), { recursive: true });
  await writeFile(path.join(home, 'static/site.pem'), certificate.certificatePem);
  await writeFile(path.join(home, 'static/site.key'), certificate.keyPem);
  const site = (scheme: string) => `
    server_name ${host};
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Connection "";
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto ${scheme};
    }`;
  const configuration = `
  upstream app { server 127.0.0.1:${ports.app}; keepalive 128; keepalive_requests 10000; }
  keepalive_requests 100000;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:10m;
  server { listen 127.0.0.1:${ports.staticHttp} backlog=4096; ${site('http')} }
  server {
    listen 127.0.0.1:${ports.staticHttps} ssl backlog=4096;
    http2 on;
    ssl_certificate /bench/site.pem;
    ssl_certificate_key /bench/site.key;
    ${site('https')}
  }`;
  await startNginx(engine, image, home, 'static', configuration);
}

async function startNginx(engine: Engine, image: string, home: string, name: string, http: string): Promise<void> {
  const folder = path.join(home, name);
  await mkdir(folder, { recursive: true });
  const text = `daemon off;\nworker_processes ${workers};\nerror_log stderr;\npid /run/bench.pid;
events { worker_connections 8192; }
http {\n  access_log off;\n  server_tokens off;\n${http}\n}\n`;
  await writeFile(path.join(folder, 'nginx.conf'), text);
  const spec: ContainerSpec = {
    name: `minicloud-bench-proxy-${name}`,
    image,
    labels: { 'minicloud.platform': 'bench' },
    entrypoint: ['nginx', '-c', '/bench/nginx.conf'],
    command: [],
    env: {},
    network: 'host',
    volumes: [],
    binds: [{ source: folder, path: '/bench', readOnly: true }],
    restart: 'no',
  };
  await engine.removeContainer(spec.name);
  await engine.startContainer(await engine.createContainer(spec));
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; the benchmark runner sets it.`);
  return value;
}
