/** The proxy port on nginx with Lua in a platform container. Routes and certificates change by its control socket. */
import { fileURLToPath } from 'node:url';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Engine } from '../engine/contract.ts';
import { type ProxySettings, usualSettings } from './config.ts';
import { containerName, ensureContainer, proxyHome, readProbeSecret } from './container.ts';
import type { Proxy as ProxyPort } from './contract.ts';
import { type Control, createControl } from './control.ts';
import { probeThrough } from './probe.ts';
import { type PreparedTable, prepareTable, type Refusal, tableDelta, tableLines } from './table.ts';

export interface NginxProxyOptions extends Partial<ProxySettings> {
  engine: Engine;
  /** The folder of the installation; the proxy's part is `proxy/` in it. */
  home: string;
  /** Id of the image to run, `sha256:…`; asked for by `ensure` only. */
  image: () => Promise<string>;
  httpPort: number;
  httpsPort: number;
  /** Where `nginx.conf`, `start.sh` and the Lua are, when not beside this file. */
  assets?: string;
}

/** What the proxy was last known to serve. */
interface Served {
  table: PreparedTable;
  refusedByProxy: Refusal[];
}

/** Touches neither engine nor disk until `ensure`. One companion at a time may use a home. */
export function createNginxProxy(options: NginxProxyOptions): ProxyPort {
  const { engine, httpPort, httpsPort } = options;
  const settings: ProxySettings = { ...usualSettings, ...given(options), httpPort, httpsPort };
  const home = proxyHome(options.home, options.assets ?? fileURLToPath(new URL('./lua', import.meta.url)));
  const name = containerName(engine.installation);
  const serial = queue();
  const control = createControl(home.socket);
  let served: Served | undefined;
  let secret: string | undefined;

  return {
    httpPort,
    httpsPort,
    ensure: (call) =>
      serial(async () => {
        await ensureContainer({ engine, home, settings, image: options.image, control, ...call });
      }),
    apply: (table, call) =>
      serial(async () => {
        const next = prepareTable(table, served?.table);
        const refusedByProxy = await send(control, served, next, call?.signal);
        served = { table: next, refusedByProxy };
        return { refused: [...next.refused, ...refusedByProxy] };
      }),
    async status(call) {
      const container = await engine.inspectContainer(name, call);
      const answer = await control.status(call).catch(problemText);
      if (typeof answer === 'string') {
        return {
          ...nothing,
          detail: container ? `${container.state}: ${answer}` : 'There is no container of the proxy.',
        };
      }
      const refused = served?.table.hash === answer.hash ? served.table.refused : [];
      const { pids: _, warnings, ...rest } = answer;
      return {
        ...rest,
        running: true,
        warnings: [...warnings, ...refused.map(({ host, why }) => `${host} ${why}`)],
        detail: `${answer.workers} workers, ${answer.routes} routes, ${answer.certificates} certificates`,
      };
    },
    async probe(probe, call) {
      const tls = served ? hasCertificate(served.table, probe.host) : false;
      const address =
        settings.bindAddress === '*' || settings.bindAddress === '0.0.0.0' ? '127.0.0.1' : settings.bindAddress;
      secret ??= await readProbeSecret(home);
      return await probeThrough({ address, port: tls ? httpsPort : httpPort, tls, secret }, probe, call?.signal);
    },
    counters: (call) => control.counters(call),
    routeCounters: (call) => control.routeCounters(call),
    remove: (call) =>
      serial(async () => {
        await engine.removeContainer(name, call);
        served = undefined;
      }),
  };
}

/** By the difference when the proxy still has what it was last given, else all of it. */
async function send(
  control: Control,
  served: Served | undefined,
  next: PreparedTable,
  signal: AbortSignal | undefined,
): Promise<Refusal[]> {
  const base = served?.table ?? next;
  const lines = tableDelta(base, next);
  const refused = await control.patch(base.hash, next.hash, lines, { signal });
  if (refused) return lines.length === 0 ? (served?.refusedByProxy ?? refused) : refused;
  return await control.put(next.hash, tableLines(next), { signal });
}

function hasCertificate(table: PreparedTable, host: string): boolean {
  const wildcard = host.replace(/^[^.]*/, '*');
  return table.entries.has(`certificate ${host}`) || table.entries.has(`certificate ${wildcard}`);
}

const nothing = { running: false, hash: '', routes: 0, certificates: 0, workers: 0, warnings: [] };

function problemText(error: unknown): string {
  if (error instanceof ProblemError) return error.problem.why;
  throw error;
}

/** Without the keys that are there but undefined. */
function given(options: NginxProxyOptions): Partial<ProxySettings> {
  const keys = ['bindAddress', 'workers', 'requestsPerApp', 'certificatesMb', 'routesMb'] as const;
  return Object.fromEntries(keys.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]));
}

/** Runs one piece of work after the other; a failed one does not stop the next. */
function queue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work, work);
    last = result.catch(() => {});
    return result;
  };
}
