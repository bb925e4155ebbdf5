/** The proxy's configuration: the files beside this one, with what the settings say filled in. Pure but for reading them. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ProxySettings {
  httpPort: number;
  httpsPort: number;
  /** An address of this machine; `*` for all of them, IPv4 and IPv6. */
  bindAddress: string;
  /** One per core unless said otherwise. */
  workers: number | 'auto';
  /** Most requests of one app that one worker has under way at a time; more get 503. */
  requestsPerApp: number;
  /** Room for certificates in shared memory, megabytes; untouched memory costs nothing. About 10,000 need 64. */
  certificatesMb: number;
  routesMb: number;
}

export const usualSettings = {
  bindAddress: '*',
  workers: 'auto',
  requestsPerApp: 8192,
  certificatesMb: 128,
  routesMb: 64,
} as const;

/** File name inside the container's configuration folder → text. */
export type ConfigFiles = Map<string, string>;

/** Folder in the container where the configurations are mounted. */
export const configMount = '/minicloud/conf';

/**
 * Reads `assets` (the folder `lua/`) and fills it in. `ipv6`: this machine has addresses of that kind.
 * `name` is the hash of the content and the folder that it belongs in.
 */
export async function renderConfig(
  assets: string,
  settings: ProxySettings,
  ipv6: boolean,
): Promise<{ name: string; files: ConfigFiles }> {
  const files: ConfigFiles = new Map();
  for (const file of (await readdir(join(assets, 'minicloud'))).sort()) {
    if (file.endsWith('.lua')) {
      files.set(`lua/minicloud/${file}`, await readFile(join(assets, 'minicloud', file), 'utf8'));
    }
  }
  files.set('lua/minicloud/settings.lua', luaSettings(settings));
  files.set('start.sh', await readFile(join(assets, 'start.sh'), 'utf8'));
  for (const [scheme, port, usualPort] of [
    ['http', settings.httpPort, 80],
    ['https', settings.httpsPort, 443],
  ] as const) {
    files.set(`headers-${scheme}.conf`, headers(scheme, port, usualPort));
    files.set(`headers-${scheme}-websocket.conf`, headers(scheme, port, usualPort, 'websocket'));
  }
  files.set('server.conf', `${await readFile(join(assets, 'server.conf'), 'utf8')}${bodyLocations()}`);
  const template = fill(await readFile(join(assets, 'nginx.conf'), 'utf8'), templateValues(settings, ipv6));
  const name = createHash('sha256')
    .update(JSON.stringify([template, ...files]))
    .digest('hex')
    .slice(0, 16);
  files.set('nginx.conf', fill(template, { CONF: `${configMount}/${name}` }));
  return { name, files };
}

function templateValues(settings: ProxySettings, ipv6: boolean): Record<string, string> {
  return {
    WORKERS: String(settings.workers),
    ROUTES_MB: String(settings.routesMb),
    CERTIFICATES_MB: String(settings.certificatesMb),
    HTTP_LISTEN: listen(settings.bindAddress, settings.httpPort, ipv6, 'default_server'),
    HTTPS_LISTEN: listen(settings.bindAddress, settings.httpsPort, ipv6, 'default_server ssl'),
  };
}

function fill(template: string, values: Record<string, string>): string {
  return template.replace(/@([A-Z_]+)@/g, (placeholder, name: string) => values[name] ?? placeholder);
}

function listen(bindAddress: string, port: number, ipv6: boolean, flags: string): string {
  const addresses = bindAddress === '*' ? ['0.0.0.0', ...(ipv6 ? ['[::]'] : [])] : [bracketed(bindAddress)];
  // Keep-alive of the socket finds visitors that vanished: a WebSocket has no other time-out worth the name.
  const options = `${flags} backlog=4096 so_keepalive=60s:10s:6`;
  return addresses.map((address) => `        listen ${address}:${port} ${options};`).join('\n');
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/**
 * Not passed on. Frameworks, gateways and their plugins believe that these come from a proxy that they trust: who the
 * visitor is, how they came, and which path was meant; `Proxy` becomes HTTP_PROXY in CGI programs (httpoxy). Names
 * with `_` in place of `-`, which such programs can't tell apart, never get past nginx (`underscores_in_headers`).
 */
export const unheardOf = [
  'Forwarded',
  'Proxy',
  'X-Forwarded',
  'X-Forwarded-By',
  'X-Forwarded-Client-Cert',
  'X-Forwarded-Path',
  'X-Forwarded-Prefix',
  'X-Forwarded-Protocol',
  'X-Forwarded-Scheme',
  'X-Forwarded-Server',
  'X-Forwarded-Ssl',
  'X-Forwarded-Uri',
  'X-Forwarded-User',
  'X-Forwarded-Method',
  'Forwarded-For',
  'Front-End-Https',
  'X-Scheme',
  'X-Url-Scheme',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'X-ProxyUser-Ip',
  'X-Remote-Addr',
  'X-Remote-IP',
  'X-Originating-IP',
  'X-Envoy-External-Address',
  'X-Envoy-Original-Path',
  'True-Client-IP',
  'Client-IP',
  'CF-Connecting-IP',
  'CF-Connecting-IPv6',
  'Fastly-Client-IP',
  'Fly-Client-IP',
  'X-Azure-ClientIP',
  'X-Original-For',
  'X-Original-Forwarded-For',
  'X-Original-Host',
  'X-Original-Method',
  'X-Original-Proto',
  'X-Original-URI',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Host',
  'X-HTTP-Host-Override',
  'X-Script-Name',
] as const;

/**
 * What the app is told about the visitor. All of it replaces what the visitor sent. Only WebSockets may upgrade: passing
 * on anything else (h2c) would smuggle requests past the routes.
 */
function headers(scheme: 'http' | 'https', port: number, usualPort: number, upgrade: '' | 'websocket' = ''): string {
  const host = `$host${port === usualPort ? '' : `:${port}`}`;
  const values: [string, string][] = [
    ['Host', host],
    ['X-Forwarded-For', '$remote_addr'],
    ['X-Forwarded-Proto', scheme],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Port', String(port)],
    ['X-Real-IP', '$remote_addr'],
    ['Upgrade', upgrade],
    ['Connection', upgrade && 'upgrade'],
    ['X-Minicloud-Probe', ''],
    ['X-Minicloud-Target', ''],
    ...unheardOf.map((name): [string, string] => [name, '']),
  ];
  return values.map(([name, value]) => `proxy_set_header ${name} "${value}";\n`).join('');
}

const largestBodyMb = 65_536;

/** One location per size of bodies that don't say their length. */
function bodyLocations(): string {
  const parts: string[] = [];
  for (let size = 1; size <= largestBodyMb; size *= 2) {
    parts.push(
      `location @body_${size} {\n    client_max_body_size ${size}m;\n    proxy_pass http://minicloud_app;\n}\n`,
    );
  }
  return parts.join('');
}

function luaSettings(settings: ProxySettings): string {
  const suffix = settings.httpsPort === 443 ? '' : `:${settings.httpsPort}`;
  return `return {
    app_requests = ${settings.requestsPerApp},
    https_suffix = "${suffix}",
    usual_timeout = 60,
    largest_body_mb = ${largestBodyMb},
}
`;
}
