/** The composition root: the only file that chooses and makes concrete adapters. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { ProblemError } from 'minicloud-shared/model/problem';
import { createMariadb } from './adapters/backing/mariadb.ts';
import { createMemoryBacking } from './adapters/backing/memory.ts';
import type { Engine } from './adapters/engine/contract.ts';
import { createDockerEngine } from './adapters/engine/docker.ts';
import { askKind, demandEngine, type EngineKind, type FoundEngine } from './adapters/engine/find.ts';
import { loginOwner, withLogins } from './adapters/engine/logins.ts';
import { createMemoryEngine } from './adapters/engine/memory.ts';
import { createIptablesFirewall } from './adapters/firewall/iptables.ts';
import { createMemoryFirewall } from './adapters/firewall/memory.ts';
import { createMemoryProxy } from './adapters/proxy/memory.ts';
import { createNginxProxy } from './adapters/proxy/nginx.ts';
import { createAuthority } from './certificates/authority.ts';
import { type Config, homePaths } from './config.ts';
import type { Cloud, HealthPort } from './context.ts';
import { askReplica } from './deploy/health.ts';
import { ensurePlatformImage, platformImageHere } from './images/ensure.ts';
import type { ImageSettings, PlatformImageName } from './images/settings.ts';
import { migrations } from './migrations.ts';
import { makeFolder } from './platform/atomic-file.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import { type InstanceLock, lockInstance, openDatabase } from './platform/db.ts';
import { createEvents } from './platform/events.ts';
import { randomId, randomPassword } from './platform/ids.ts';
import { createLog, createRedactor, type LogFormat } from './platform/log.ts';
import { createOperations } from './platform/operations.ts';
import { createSealer, loadKeys } from './platform/sealer.ts';
import type { Db, Tables } from './schema.ts';
import { ensureServicesNetwork } from './services/services.ts';
import { keepSetting, secretSetting, setting, storedSetting } from './settings/settings.ts';

export interface OpenCloud {
  cloud: Cloud;
  lock: InstanceLock;
  /** Closes the database and gives the home folder free. Apps and proxy go on. */
  close(): Promise<void>;
}

export interface CloudParts {
  version: string;
  /** The server package's folder: images and the proxy's Lua are in it. */
  serverFolder: string;
  clock?: Clock;
  write?: (line: string) => void;
  /** Of the log's lines; text unless said otherwise. */
  logFormat?: LogFormat;
  /** An engine to use instead of the configured one; tests script the double. */
  engine?: (installation: string) => Promise<Engine> | Engine;
}

const engineKindName = 'engine-kind';
const rootPasswordName = 'mariadb-root-password';

/** Opens the home folder and connects every part. Starts nothing. */
export async function openCloud(config: Config, parts: CloudParts): Promise<OpenCloud> {
  const paths = homePaths(config.home);
  const clock = parts.clock ?? systemClock;
  await makeHome(config.home);
  const lock = lockInstance(paths.lock);
  try {
    const redactor = createRedactor();
    const write = parts.write ?? ((line: string) => process.stderr.write(`${line}\n`));
    const log = createLog(redactor, write, () => clock.now(), parts.logFormat);
    const sealer = createSealer(await loadKeys(paths.key));
    const db: Db = await openDatabase<Tables>(paths.database, migrations);
    const installation = await setting(db, 'installation', randomId);
    const redact = (text: string, app?: string) => (app === undefined ? redactor : redactor.of(app)).redact(text);
    const events = await createEvents(db, clock, { redact });
    const operations = createOperations({ db, events, clock, log, redact });
    if (await storedSetting(db, rootPasswordName))
      redactor.add(await secretSetting(db, sealer, rootPasswordName, randomPassword));
    const authority = createAuthority({ certificate: paths.rootCertificate, key: paths.rootKey }, () => clock.now());
    const images: ImageSettings = {
      imagesFolder: join(parts.serverFolder, 'images'),
      workFolder: config.home,
      choice: config.images,
      references: {
        ...(config.proxyImage === undefined ? {} : { proxy: config.proxyImage }),
        ...(config.mariadbImage === undefined ? {} : { mariadb: config.mariadbImage }),
      },
      ...(config.registryMirror === undefined ? {} : { mirror: config.registryMirror }),
    };
    const adapters = await (config.engine === 'memory' ? memoryAdapters : realAdapters)(config, {
      installation,
      db,
      clock,
      parts,
      say: (line) => log.info(line),
      images,
      rootPassword: async () => {
        const password = await secretSetting(db, sealer, rootPasswordName, randomPassword);
        redactor.add(password);
        return password;
      },
    });
    const stopping = new AbortController();
    const cloud: Cloud = {
      config,
      installation,
      version: parts.version,
      clock,
      db,
      sealer,
      redactor,
      log,
      events,
      operations,
      authority,
      ...adapters,
      stopping: stopping.signal,
    };
    return {
      cloud,
      lock,
      async close() {
        stopping.abort();
        await operations.shutdown();
        await db.destroy();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function makeHome(home: string): Promise<void> {
  try {
    await makeFolder(home, 0o700);
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new ProblemError(
      {
        code: 'invalid_input',
        what: 'The home folder can not be used',
        object: `--home ${home}`,
        why: cause instanceof Error ? cause.message : String(cause),
        still: 'Nothing was started or changed.',
        remedy: 'Give a folder that this user may write to with --home, or MINICLOUD_HOME.',
      },
      { cause },
    );
  }
}

interface Making {
  installation: string;
  db: Db;
  clock: Clock;
  parts: CloudParts;
  say: (line: string) => void;
  images: ImageSettings;
  rootPassword: () => Promise<string>;
}
type Adapters = Pick<Cloud, 'engine' | 'proxy' | 'firewall' | 'backings' | 'health'>;

async function realAdapters(
  config: Config,
  { installation, db, clock, parts, say, images, rootPassword }: Making,
): Promise<Adapters> {
  const bare = parts.engine ? await parts.engine(installation) : await openEngine(config, db, installation);
  const engine = withLogins(bare, () => loginOwner(process.env));
  // Sorts before the networks of apps: Docker gives a container its way out by the first of its networks, and forgets
  // every connection of a network that is the first no longer, which the firewall then counts no more.
  const servicesNetwork = `minicloud_backing_${installation}`;
  const image = (name: PlatformImageName) => async () => (await ensurePlatformImage(engine, name, images, say)).id;
  return {
    engine,
    proxy: createNginxProxy({
      engine,
      home: config.home,
      image: image('proxy'),
      httpPort: config.httpPort,
      httpsPort: config.httpsPort,
      bindAddress: config.bind,
      assets: join(parts.serverFolder, 'src/adapters/proxy/lua'),
    }),
    firewall: createIptablesFirewall({ installation }),
    backings: {
      mariadb: createMariadb({
        engine,
        installation,
        now: () => clock.now(),
        image: image('mariadb'),
        imageHere: async (signal) => (await platformImageHere(engine, 'mariadb', images, { signal }))?.id,
        rootPassword,
        network: {
          name: servicesNetwork,
          ensure: (labels, signal) =>
            ensureServicesNetwork({ engine, db, config }, { name: servicesNetwork, labels, kind: 'mariadb' }, signal),
        },
      }),
    },
    health: { ask: askReplica, steadyMs: 1000 },
  };
}

/** Connects to the engine that is meant. Its kind is kept only then: one that never worked must not bind what follows to it. */
async function openEngine(config: Config, db: Db, installation: string): Promise<Engine> {
  const { socketPath, kind } = await engineOf(config, db);
  const engine = await createDockerEngine({ installation, socketPath });
  if (kind !== undefined) await keepSetting(db, engineKindName, kind);
  return engine;
}

/**
 * At the socket that was given, else the engine that is wanted, else one of the kind that this installation runs on: where
 * two engines are, the other one that happens to answer alone after a boot must not get everything anew.
 */
async function engineOf(
  { engine, engineSocket }: Config,
  db: Db,
): Promise<Pick<FoundEngine, 'socketPath'> & Partial<FoundEngine>> {
  if (engineSocket !== undefined) return { socketPath: engineSocket, ...(await askKind(engineSocket)) };
  const kinds: readonly EngineKind[] = ['docker', 'podman'];
  const remembered = engine === 'auto';
  const wanted = remembered ? await storedSetting(db, engineKindName) : engine;
  return demandEngine(
    process.env,
    kinds.find((kind) => kind === wanted),
    remembered,
  );
}

async function memoryAdapters(config: Config, { installation, parts }: Making): Promise<Adapters> {
  const memory = createMemoryEngine({ installation, acceptAnyImage: true });
  const bare = parts.engine ? await parts.engine(installation) : memory;
  const engine = withLogins(bare, () => loginOwner(process.env));
  const health: HealthPort = {
    ask: async (address, check) =>
      'answers' in engine && typeof engine.answers === 'function' && !engine.answers(address)
        ? { ok: false, answer: `port ${check.port}: connection refused: nothing listens there` }
        : { ok: true, answer: 'connected' },
    steadyMs: 0,
  };
  return {
    engine,
    proxy: createMemoryProxy({ httpPort: config.httpPort, httpsPort: config.httpsPort }),
    firewall: createMemoryFirewall(installation),
    backings: { mariadb: memoryMariadb(engine, installation) },
    health,
  };
}

/** The double's server is a container like any other, so that networks can be attached to it. */
function memoryMariadb(engine: Engine, installation: string) {
  const container = `minicloud-mariadb-${installation}`;
  const onEnsure = async () => {
    const image = await engine.pullImage('docker.io/library/mariadb:11.8');
    const labels = { 'minicloud.platform': 'mariadb' };
    await engine.createContainer({
      name: container,
      image: image.id,
      labels,
      env: {},
      network: 'none',
      volumes: [],
      restart: 'always',
    });
    await engine.startContainer(container);
  };
  return createMemoryBacking({ container, onEnsure });
}
