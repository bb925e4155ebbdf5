/** Services and bindings: an app's own credentials on a shared backing server. */
import type { ContainerManifest, DatabaseNeed } from 'minicloud-shared/manifest/model';
import { toProblem } from 'minicloud-shared/model/problem';
import type { Backing, BackingGrant } from '../adapters/backing/contract.ts';
import type { Labels } from '../adapters/engine/contract.ts';
import type { FirewallPolicy } from '../adapters/firewall/contract.ts';
import {
  type Allocation,
  type AppRow,
  freeSubnet,
  networkName,
  subnetOf,
  subnetTries,
  wasTaken,
} from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { randomId, randomPassword } from '../platform/ids.ts';
import type { Db } from '../schema.ts';
import { allBindings, type BindingRow, bindingsOf, insertBinding, markGranted } from './store.ts';

/** The `needs` that shared servers fulfil here. */
export function databaseNeeds(manifest: ContainerManifest): DatabaseNeed[] {
  return manifest.needs.filter((need): need is DatabaseNeed => need.kind === 'database');
}

export function backingFor(cloud: Cloud, need: DatabaseNeed): Backing {
  // Other engines are refused before a plan is made (`manifest/not-available`).
  if (need.engine !== 'mariadb') throw new Error(`no backing for ${need.engine}`);
  return cloud.backings.mariadb;
}

/** Names under which the shared servers that a manifest needs are reached in the network of the app. */
export function serviceAliases(cloud: Cloud, manifest: ContainerManifest): string[] {
  return [...new Set(databaseNeeds(manifest).map((need) => backingFor(cloud, need).alias))];
}

/**
 * Shared servers that are there and do not answer us are brought up again, as an earlier version of Minicloud made
 * them without the door that this one comes in by: on the same volume. Never throws.
 */
export async function renewServices(cloud: Cloud): Promise<void> {
  const signal = cloud.stopping;
  for (const backing of Object.values(cloud.backings)) {
    const service = backing.kind;
    try {
      if (!(await cloud.engine.inspectContainer(backing.container, { signal }))) continue;
      if (await backing.ready({ signal })) continue;
      await backing.ensure({ signal, onDetail: (detail) => cloud.log.info(detail, { service }) });
    } catch (error) {
      if (!signal.aborted) cloud.log.error('a shared server does not answer', { service, why: toProblem(error).why });
    }
  }
}

/** Makes database and user of a need on the server, which answers. */
export async function grantBinding(cloud: Cloud, app: AppRow, need: DatabaseNeed, signal: AbortSignal): Promise<void> {
  const row = await ensureBinding(cloud, app, need);
  // Before it is asked for: from then on the server may know of it, whatever comes between.
  await markGranted(cloud.db, row, cloud.clock.now());
  await backingFor(cloud, need).grant(opened(cloud, row), { signal });
}

/** The stored binding for a need, written down with a new random password the first time. */
async function ensureBinding(cloud: Cloud, app: AppRow, need: DatabaseNeed): Promise<BindingRow> {
  const service = need.engine;
  const rows = (await bindingsOf(cloud.db, app.id)).filter((row) => row.service === service);
  const known = rows.find((row) => row.env === need.env);
  if (known) return known;
  const name = bindingName(app, need, new Set(rows.map((row) => row.name)));
  const password = randomPassword();
  return insertBinding(cloud.db, {
    app_id: app.id,
    service,
    env: need.env,
    name,
    password_sealed: cloud.sealer.seal(password, bindingPlace(app.id, service, need.env)),
    created_at: cloud.clock.now(),
    granted_at: null,
  });
}

/** From the first moment on no password of a binding is written anywhere, also of apps that nothing opens it for. */
export async function redactBindings(cloud: Cloud): Promise<void> {
  for (const row of await allBindings(cloud.db)) opened(cloud, row);
}

/** Environment of the app's bindings. Values are secret. */
export async function bindingEnv(
  cloud: Cloud,
  app: AppRow,
  manifest: ContainerManifest,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const need of databaseNeeds(manifest))
    env[need.env] = backingFor(cloud, need).url(opened(cloud, await ensureBinding(cloud, app, need)));
  return env;
}

/** Stand-ins for a plan, which makes no binding and holds no secret. */
export function plannedEnv(manifest: ContainerManifest): Record<string, string> {
  return Object.fromEntries(databaseNeeds(manifest).map((need) => [need.env, `binding ${need.engine}`]));
}

/** Lets the app's network reach the server, at an address that says "shared service" to the firewall. */
export async function attachService(cloud: Cloud, app: AppRow, backing: Backing, signal: AbortSignal): Promise<void> {
  const address = subnetOf(cloud.config.networkPool, app.subnet).services[serviceSlot[backing.kind]];
  await cloud.engine.connectNetwork(
    networkName(app),
    backing.container,
    { aliases: [backing.alias], ...(address === undefined ? {} : { address }) },
    { signal },
  );
}

/** The rules of the network: whoever is in the pool, and how apps come to the shared servers. */
export function firewallPolicy(cloud: {
  config: Pick<Cloud['config'], 'networkPool'>;
  engine: Pick<Cloud['engine'], 'capabilities'>;
  backings: Record<string, Pick<Backing, 'port' | 'connectionsPerApp'>>;
}): FirewallPolicy {
  const backings = Object.values(cloud.backings);
  return {
    pool: cloud.config.networkPool,
    resolverAtGateway: cloud.engine.capabilities.resolverAtGateway,
    services: {
      ports: backings.map((backing) => backing.port),
      connectionsEach: Math.min(...backings.map((backing) => backing.connectionsPerApp)),
    },
  };
}

/**
 * Makes the network that the shared servers start in, where nobody on the engine has addresses; gives the address that
 * a kind of server has in it. It is one that says "shared service" to the firewall.
 */
export async function ensureServicesNetwork(
  parts: Allocation,
  { name, labels, kind }: { name: string; labels: Labels; kind: Backing['kind'] },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { networkPool } = parts.config;
  for (let attempt = 1; ; attempt += 1) {
    const known = (await parts.engine.listNetworks({ signal })).find((network) => network.name === name);
    const subnet = known?.subnet ?? subnetOf(networkPool, await freeSubnet(parts, attempt > 1, signal)).subnet;
    try {
      await parts.engine.ensureNetwork({ name, subnet, labels }, { signal });
      return subnetOf(subnet, 0).services[serviceSlot[kind]];
    } catch (error) {
      if (attempt === subnetTries || !(await wasTaken(parts.engine, name, error, signal))) throw error;
    }
  }
}

/** Each kind has its own address in every app network, so that two never want the same. */
const serviceSlot: Record<Backing['kind'], number> = { mariadb: 0 };

/**
 * What making sure of the shared servers that a manifest needs would do to others: of one that would be replaced, how
 * many other apps use it.
 */
export async function serviceReplacements(
  cloud: Cloud,
  app: Pick<AppRow, 'id'>,
  manifest: ContainerManifest,
  signal: AbortSignal,
): Promise<Map<DatabaseNeed['engine'], { others: number }>> {
  const found = new Map<DatabaseNeed['engine'], { others: number }>();
  for (const engine of new Set(databaseNeeds(manifest).map((need) => need.engine))) {
    const [need] = databaseNeeds(manifest).filter((known) => known.engine === engine);
    if (!need || !(await backingFor(cloud, need).replaces({ signal }))) continue;
    const users = (await allBindings(cloud.db)).filter((row) => row.service === engine && row.app_id !== app.id);
    found.set(engine, { others: new Set(users.map((row) => row.app_id)).size });
  }
  return found;
}

export async function appBindings(cloud: Cloud, app: Pick<AppRow, 'id'>) {
  const rows = await bindingsOf(cloud.db, app.id);
  return rows.map((row) => ({ service: row.service, env: row.env, database: row.name }));
}

export interface BoundService {
  service: string;
  env: string;
  container: string;
  port: number;
}

/** The servers that the app has credentials on, and where they are. No secret in it. */
export async function boundServices(cloud: Cloud, app: Pick<AppRow, 'id'>): Promise<BoundService[]> {
  const rows = await bindingsOf(cloud.db, app.id);
  return rows.flatMap(({ service, env }) => {
    const backing = Object.values(cloud.backings).find(({ kind }) => kind === service);
    return backing ? [{ service, env, container: backing.container, port: backing.port }] : [];
  });
}

/** The app's own URL of the binding with that variable; undefined when there is none. Holds the password: never log it. */
export async function bindingUrl(cloud: Cloud, app: Pick<AppRow, 'id'>, env: string): Promise<string | undefined> {
  const row = (await bindingsOf(cloud.db, app.id)).find((known) => known.env === env);
  if (!row) return undefined;
  const backing = Object.values(cloud.backings).find(({ kind }) => kind === row.service);
  return backing?.url(opened(cloud, row));
}

export interface KeptBinding {
  service: 'mariadb';
  env: string;
  name: string;
}

/** What is written down of the bindings of an app that goes: whatever is needed to find its databases again. */
export async function keptBindings(db: Db, app: Pick<AppRow, 'id'>): Promise<KeptBinding[]> {
  return (await grantedTo(db, app)).map(({ env, name }) => ({ service: 'mariadb', env, name }));
}

/** Bindings that a server may know of; of others there is no database and no user. */
async function grantedTo(db: Db, app: Pick<AppRow, 'id'>): Promise<BindingRow[]> {
  return (await bindingsOf(db, app.id)).filter((row) => row.granted_at !== null);
}

/** The app has its database again, with a new password; its user is made by the next deploy. */
export async function readmitBinding(
  cloud: Cloud,
  db: Db,
  app: Pick<AppRow, 'id'>,
  { service, env, name }: KeptBinding,
): Promise<void> {
  const password_sealed = cloud.sealer.seal(randomPassword(), bindingPlace(app.id, service, env));
  const now = cloud.clock.now();
  await insertBinding(db, { app_id: app.id, service, env, name, password_sealed, created_at: now, granted_at: now });
}

/** Removes the database with all that is in it; starts its server for that where it does not run. */
export async function destroyDatabase(
  cloud: Cloud,
  { service, name }: KeptBinding,
  signal: AbortSignal,
): Promise<void> {
  const backing = cloud.backings[service];
  if (await brought(cloud, backing, signal)) await backing.destroy(name, { signal });
}

/** Takes the app's users away; the databases stay. Starts their server for that where it does not run. */
export async function revokeBindings(cloud: Cloud, app: AppRow, signal: AbortSignal): Promise<void> {
  const backing = cloud.backings.mariadb;
  const rows = await grantedTo(cloud.db, app);
  if (rows.length === 0 || !(await brought(cloud, backing, signal))) return;
  for (const { name } of rows) await backing.revoke(name, { signal });
}

/** Sees to it that the server answers; false when it is gone with its data, and with it all that could be taken away. */
async function brought(cloud: Cloud, backing: Backing, signal: AbortSignal): Promise<boolean> {
  if (!(await backing.kept({ signal }))) return false;
  const onDetail = (detail: string) => cloud.log.info(detail, { service: backing.kind });
  if (!(await backing.ready({ signal }))) await backing.ensure({ signal, onDetail });
  return true;
}

/** One that no other binding of the app has: of two long names of variables the first letters may be the same. */
function bindingName(app: AppRow, need: DatabaseNeed, taken: ReadonlySet<string>): string {
  const own = `${app.name.replaceAll('-', '_').slice(0, 12)}_${app.id}`;
  if (need.env === 'DATABASE_URL') return own;
  const words = need.env.toLowerCase().replace(/[^a-z0-9]+/g, '');
  const name = `${own}_${words.slice(0, suffixLength)}`;
  return taken.has(name) ? `${own}_${randomId(suffixLength)}` : name;
}

/** What is left of the 32 characters that a name may have. */
const suffixLength = 8;

function opened(cloud: Cloud, row: BindingRow): BackingGrant {
  const password = cloud.sealer.open(row.password_sealed, bindingPlace(row.app_id, row.service, row.env));
  cloud.redactor.add(password, row.name);
  return { name: row.name, password };
}

export function bindingPlace(appId: string, service: string, env: string): string {
  return `bindings|${appId}/${service}/${env}|password`;
}
