/** Settings of a companion, from flags and environment; checked once, then plain data. */
import { isIP, isIPv4 } from 'node:net';
import { isAbsolute, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ProblemError } from 'minicloud-shared/model/problem';
import { z } from 'zod';

const port = wholeNumber(1, 65535);
const address = z
  .string()
  .refine((text) => isIP(text) > 0 || text === 'localhost', { error: 'it is an IP address or localhost' });

const hostPattern = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** Digits only: `0x50`, `1e3` and an empty text are not meant by anybody. */
function wholeNumber(least: number, most: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/, 'it is a whole number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, { error: `it is from ${least} to ${most}` });
}

const configSchema = z.object({
  /** Folder with everything that this installation keeps. */
  home: z.string().min(1),
  engine: z.enum(['auto', 'docker', 'podman', 'memory']),
  /** Socket of the engine; found by itself when not given. */
  engineSocket: z.string().optional(),
  apiHost: address,
  apiPort: port,
  /** Names and addresses that the API answers to besides those of its own, as behind a router or a proxy. */
  apiNames: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((name) => name !== ''))
    .refine((names) => names.every((name) => isIP(name) > 0 || hostPattern.test(name)), {
      error: 'it is names such as cloud.example.com, without a port',
    }),
  /** Address that the proxy listens on. */
  bind: address,
  httpPort: port,
  httpsPort: port,
  /** Apps without a domain of their own get NAME.SERVER-DOMAIN. */
  serverDomain: z.string().max(200).regex(hostPattern, 'it is a domain name in lower case'),
  /** CIDR from which every app network gets its own /26. */
  networkPool: z.string().refine(isPool, { error: 'it is addresses such as 10.208.0.0/12, for at least two /26' }),
  /** `auto` tries the registry and falls back to building. */
  images: z.enum(['auto', 'registry', 'build']),
  /** Prefix put in place of `docker.io` for platform images. */
  registryMirror: z.string().optional(),
  proxyImage: z.string().optional(),
  mariadbImage: z.string().optional(),
  /** Longest time that requests under way may take to finish on an old release, milliseconds. */
  drainMs: wholeNumber(0, 3_600_000),
  firewall: z.enum(['auto', 'off']),
  /** File that gets the facts of a running companion, when given. */
  ready: z.string().optional(),
});
export type Config = z.infer<typeof configSchema>;

/** One entry per flag: its environment variable, default and help. `minicloud serve --help` prints this table. */
export const configFlags: Record<keyof Config, { flag: string; env: string; fallback?: string; help: string }> = {
  home: {
    flag: 'home',
    env: 'MINICLOUD_HOME',
    fallback: '.minicloud',
    help: 'folder for everything this installation keeps',
  },
  engine: { flag: 'engine', env: 'MINICLOUD_ENGINE', fallback: 'auto', help: 'auto, docker, podman or memory' },
  engineSocket: { flag: 'engine-socket', env: 'MINICLOUD_ENGINE_SOCKET', help: "path of the engine's socket" },
  apiHost: { flag: 'api-host', env: 'MINICLOUD_API_HOST', fallback: '127.0.0.1', help: 'address of the API' },
  apiPort: { flag: 'api-port', env: 'MINICLOUD_API_PORT', fallback: '9443', help: 'port of the API' },
  apiNames: {
    flag: 'api-name',
    env: 'MINICLOUD_API_NAMES',
    help: 'further name that the API answers to; may be repeated, or be several with commas',
  },
  bind: { flag: 'bind', env: 'MINICLOUD_BIND', fallback: '127.0.0.1', help: 'address that the proxy listens on' },
  httpPort: { flag: 'http-port', env: 'MINICLOUD_HTTP_PORT', fallback: '8080', help: 'http port of the proxy' },
  httpsPort: { flag: 'https-port', env: 'MINICLOUD_HTTPS_PORT', fallback: '8443', help: 'https port of the proxy' },
  serverDomain: {
    flag: 'server-domain',
    env: 'MINICLOUD_SERVER_DOMAIN',
    fallback: 'localhost',
    help: 'apps get NAME.SERVER-DOMAIN',
  },
  networkPool: {
    flag: 'network-pool',
    env: 'MINICLOUD_NETWORK_POOL',
    fallback: '10.208.0.0/12',
    help: 'addresses for app networks',
  },
  images: {
    flag: 'images',
    env: 'MINICLOUD_IMAGES',
    fallback: 'auto',
    help: 'platform images: auto, registry or build',
  },
  registryMirror: {
    flag: 'registry-mirror',
    env: 'MINICLOUD_REGISTRY_MIRROR',
    help: 'registry in place of docker.io for platform images',
  },
  proxyImage: { flag: 'proxy-image', env: 'MINICLOUD_PROXY_IMAGE', help: 'image of the proxy' },
  mariadbImage: { flag: 'mariadb-image', env: 'MINICLOUD_MARIADB_IMAGE', help: 'image of MariaDB' },
  drainMs: { flag: 'drain-ms', env: 'MINICLOUD_DRAIN_MS', fallback: '30000', help: 'longest drain of an old release' },
  firewall: { flag: 'firewall', env: 'MINICLOUD_FIREWALL', fallback: 'auto', help: 'auto or off' },
  ready: { flag: 'ready', env: 'MINICLOUD_READY', help: 'file that gets API URL, token and apps once serving' },
};

/** Every setting, as help shows it. */
export function settingLines(): string[] {
  return Object.values(configFlags).flatMap(({ flag, env, fallback, help }) => [
    `  --${flag.padEnd(18)} ${help}${fallback === undefined ? '' : ` (${fallback})`}`,
    `  ${' '.repeat(20)} ${env}`,
  ]);
}

/** Flags win over environment, environment over defaults. Throws `invalid_input` that names the setting. */
export function readConfig(args: string[], env: NodeJS.ProcessEnv): Config {
  // Repeated, the last one counts; of names every one.
  const options = Object.fromEntries(
    Object.values(configFlags).map(({ flag }) => [flag, { type: 'string' as const, multiple: true as const }]),
  );
  let flags: Record<string, string[] | undefined>;
  try {
    flags = parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw badSetting('command line', error instanceof Error ? error.message : String(error));
  }
  const raw: Record<string, string> = {};
  for (const [key, { flag, env: variable, fallback }] of Object.entries(configFlags)) {
    const given = flags[flag];
    const value = (key === 'apiNames' ? given?.join(',') : given?.at(-1)) ?? env[variable] ?? fallback;
    if (value !== undefined) raw[key] = value;
  }
  const parsed = configSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = String(issue?.path[0] ?? '') as keyof Config;
    throw badSetting(
      settingName(key, flags),
      `${JSON.stringify(raw[key]?.slice(0, 100))}: ${issue?.message ?? 'not valid'}.`,
    );
  }
  const config = parsed.data;
  const ports = { apiPort: config.apiPort, httpPort: config.httpPort, httpsPort: config.httpsPort };
  for (const [key, taken] of Object.entries(ports) as [keyof typeof ports, number][]) {
    const other = (Object.keys(ports) as (keyof typeof ports)[]).find((name) => name !== key && ports[name] === taken);
    if (other) throw badSetting(settingName(other, flags), `${taken} is --${configFlags[key].flag} already.`);
  }
  return { ...config, home: isAbsolute(config.home) ? config.home : resolve(config.home) };
}

/** The setting as whoever gave it wrote it. */
function settingName(key: keyof Config, flags: Record<string, unknown>): string {
  const { flag, env } = configFlags[key];
  return flags[flag] === undefined ? `--${flag} (${env})` : `--${flag}`;
}

function isPool(text: string): boolean {
  const [, base = '', bits = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  return isIPv4(base) && Number(bits) >= 8 && Number(bits) <= 25;
}

/** Where things are inside the home folder. */
export function homePaths(home: string) {
  return {
    database: join(home, 'minicloud.db'),
    lock: join(home, 'lock.db'),
    key: join(home, 'secret.key'),
    rootCertificate: join(home, 'root-certificate.pem'),
    rootKey: join(home, 'root-key.pem'),
    proxy: join(home, 'proxy'),
  };
}

function badSetting(object: string, why: string): ProblemError {
  return new ProblemError({
    code: 'invalid_input',
    what: 'A setting is not valid',
    object,
    why,
    still: 'Nothing was started or changed.',
    remedy: 'See `minicloud serve --help` for every setting.',
  });
}
