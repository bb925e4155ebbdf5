/** The shared MariaDB: one container, and for each grant a database and a user that see nothing of the others. */
import { createHash } from 'node:crypto';
import { ProblemError, toProblem } from 'minicloud-shared/model/problem';
import { poll } from '../../platform/wait.ts';
import { type ContainerSpec, type Engine, type Labels, specHash, specLabel } from '../engine/contract.ts';
import type { Backing, BackingGrant, BackingStatus } from './contract.ts';
import { checkedName, grantUrl } from './grant.ts';

export interface MariadbOptions {
  engine: Engine;
  installation: string;
  /** Id of the image to run, `sha256:…`. */
  image: () => Promise<string>;
  /** The same when it is on this machine already; nothing is fetched. */
  imageHere: (signal: AbortSignal) => Promise<string | undefined>;
  /** The same for as long as the volume lives: the server keeps the first one it was given. */
  rootPassword: () => Promise<string>;
  /** Network of its own; apps' networks are attached beside it. `ensure` makes it and gives the server's address in it. */
  network: { name: string; ensure: (labels: Labels, signal: AbortSignal) => Promise<string | undefined> };
  /** Most bytes it may take. 512 MiB unless said otherwise. */
  memoryBytes?: number;
  /** Most connections of one grant. 50 unless said otherwise. */
  connectionsEach?: number;
  /** Milliseconds since the epoch. */
  now: () => number;
}

export const mariadbAlias = 'mariadb';
export const mariadbPort = 3306;

const defaultMemoryBytes = 512 * 1024 * 1024;
const mostConnections = 500;
/** After login, by the server: what an app's pools take while two releases are there side by side. */
const defaultConnectionsEach = 50;
/**
 * Before login too, by the firewall: room for all that a grant may hold and for tries besides, so that an app that
 * wants too much is told so by the server. Eight apps that do their worst at once leave the ninth a place.
 */
const connectionsPerApp = 60;
/** A door of the companion's own with places of its own; the firewall lets no app come to it. */
const companionPort = 3307;
const companionConnections = 8;
/** Each connection is a thread; and the server's own, and the programs that the companion starts beside it. */
const mostThreads = mostConnections + companionConnections + 200;
const stopSeconds = 30;
/** A first start prepares its data folder; a start after a crash recovers it. */
const startDeadlineMs = 180_000;
const sqlDeadlineMs = 30_000;

/** Small machines first; as arguments, so that the official image and our own run with the same. */
const serverArguments = [
  'mariadbd',
  '--skip-name-resolve',
  '--skip-log-bin',
  '--character-set-server=utf8mb4',
  '--performance-schema=OFF',
  '--innodb-buffer-pool-size=64M',
  '--innodb-log-buffer-size=4M',
  '--innodb-log-file-size=48M',
  '--key-buffer-size=1M',
  '--aria-pagecache-buffer-size=4M',
  '--table-open-cache=400',
  `--max-connections=${mostConnections}`,
  `--extra-port=${companionPort}`,
  `--extra-max-connections=${companionConnections}`,
  // One that says nothing takes a place that others want.
  '--connect-timeout=5',
];

/** The backing on an engine. Nothing is started before `ensure`. */
export function createMariadb(options: MariadbOptions): Backing {
  const { engine, installation, now, connectionsEach = defaultConnectionsEach } = options;
  const container = `minicloud-mariadb-${installation}`;
  const labels: Labels = { 'minicloud.platform': 'mariadb' };
  let starting: Promise<void> | undefined;

  async function spec(image: string, address: string | undefined): Promise<ContainerSpec> {
    return {
      name: container,
      image,
      labels,
      command: serverArguments,
      env: {
        // Its hash, as the environment of a container can be read with the engine's socket. The address lets
        // readiness be asked over TCP, which the official image opens only after it has prepared its data.
        MARIADB_ROOT_PASSWORD_HASH: passwordHash(await options.rootPassword()),
        MARIADB_ROOT_HOST: '127.0.0.1',
      },
      network: { name: options.network.name, aliases: [mariadbAlias], ...(address === undefined ? {} : { address }) },
      volumes: [{ volume: container, path: '/var/lib/mysql' }],
      memoryBytes: options.memoryBytes ?? defaultMemoryBytes,
      pids: mostThreads,
      restart: 'always',
      stopTimeoutSeconds: stopSeconds,
    };
  }

  /** Runs statements as the administrator; they and the password travel by stream and environment, never as arguments. */
  async function sql(statements: string[], signal: AbortSignal): Promise<void> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(sqlDeadlineMs)]);
    const argv = [
      'mariadb',
      '--user=root',
      '--host=127.0.0.1',
      `--port=${companionPort}`,
      '--protocol=tcp',
      '--skip-ssl',
      '--batch',
      '--connect-timeout=5',
    ];
    const answer = await engine.exec(container, argv, {
      signal: deadline,
      stdin: `${statements.join(';\n')};\n`,
      env: { MYSQL_PWD: await options.rootPassword() },
    });
    if (answer.exitCode !== 0) throw failed('It refused a statement of its administrator', answer.stderr, []);
  }

  async function ready({ signal }: { signal: AbortSignal }): Promise<boolean> {
    try {
      await sql(['SELECT 1'], signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (denied(error)) throw error;
      return false;
    }
  }

  async function status({ signal }: { signal: AbortSignal }): Promise<BackingStatus> {
    const seen = await engine.inspectContainer(container, { signal });
    if (!seen)
      return starting
        ? { state: 'starting', detail: 'is being made' }
        : { state: 'off', detail: 'no app needs it yet' };
    if (seen.state === 'running' && (await ready({ signal }))) return { state: 'ok', detail: 'answers' };
    const seconds = Math.max(0, Math.round((now() - (seen.startedAt ?? seen.createdAt)) / 1000));
    // Made and not yet started, or preparing its data; one that ended by itself is no longer starting.
    const young = seen.restarts === 0 && seconds * 1000 < startDeadlineMs;
    if (young && seen.state === 'running')
      return { state: 'starting', detail: `started ${seconds} s ago, does not answer yet` };
    if (young && seen.state === 'created') return { state: 'starting', detail: 'is about to be started' };
    return { state: 'down', detail: seen.state === 'running' ? 'does not answer' : `its container is ${seen.state}` };
  }

  async function start(signal: AbortSignal, onDetail: (detail: string) => void): Promise<void> {
    const address = await options.network.ensure(labels, signal);
    await engine.ensureVolume(container, labels, { signal });
    const attached = await create(await spec(await options.image(), address), signal, onDetail);
    await engine.startContainer(container, { signal });
    for (const { network, address } of attached) {
      await engine.connectNetwork(network, container, { aliases: [mariadbAlias], address }, { signal });
    }
    if (await ready({ signal })) return;
    onDetail('waiting for MariaDB to answer');
    const check = async () => {
      if (await ready({ signal })) return true;
      const seen = await engine.inspectContainer(container, { signal });
      if (seen && seen.restarts < 3 && seen.state !== 'dead') return undefined;
      throw failed('It ends again and again', seen?.error ?? '', await lastLines(signal));
    };
    const answered = await poll(check, { firstMs: 100, mostMs: 500, deadlineMs: startDeadlineMs, signal });
    if (!answered) throw failed(`It did not answer within ${startDeadlineMs / 1000} s`, '', await lastLines(signal));
  }

  /** Makes the container; one with other settings is ended in order and replaced. What networks it had besides its own. */
  async function create(wanted: ContainerSpec, signal: AbortSignal, onDetail: (detail: string) => void) {
    try {
      await engine.createContainer(wanted, { signal });
      return [];
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problem.code !== 'conflict') throw error;
    }
    onDetail('MariaDB is replaced by one with newer settings');
    const old = await engine.inspectContainer(container, { signal });
    await engine.stopContainer(container, stopSeconds, { signal });
    await engine.removeContainer(container, { signal });
    await engine.createContainer(wanted, { signal });
    return Object.entries(old?.addresses ?? {})
      .filter(([network]) => network !== options.network.name)
      .map(([network, address]) => ({ network, address }));
  }

  async function lastLines(signal: AbortSignal): Promise<string[]> {
    const lines: string[] = [];
    for await (const line of engine.logs(container, { tail: 15, signal })) lines.push(line.text);
    return lines;
  }

  function failed(why: string, said: string, evidence: string[]): ProblemError {
    const lines = said.trim().split('\n');
    const words = lines.find((line) => line.startsWith('ERROR')) ?? lines[0] ?? '';
    return new ProblemError({
      code: 'service_failed',
      what: 'The shared MariaDB failed',
      object: `container ${container}`,
      why: `${why}${words ? `: ${words.replaceAll(hashPattern, '*…')}` : ''}.`,
      still: 'Its data is kept on its volume.',
      remedy: /ERROR 1045/.test(said)
        ? 'Its volume was prepared with another root password: restore the secret that belongs to it.'
        : 'Look at its log, and at memory and disk of this machine.',
      evidence,
    });
  }

  return {
    kind: 'mariadb',
    alias: mariadbAlias,
    port: mariadbPort,
    connectionsPerApp,
    container,
    ready,
    status,

    async kept({ signal }) {
      if (await engine.inspectContainer(container, { signal })) return true;
      return (await engine.listVolumes({ signal })).some(({ name }) => name === container);
    },

    async ensure({ signal, onDetail = () => {} }) {
      // One at a time: whoever comes while it starts waits, and tries again by itself if that was cancelled.
      while (starting) {
        const outcome = await starting.then(
          () => true,
          () => false,
        );
        signal.throwIfAborted();
        if (outcome) return;
      }
      starting = start(signal, onDetail);
      try {
        await starting;
      } finally {
        starting = undefined;
      }
    },

    async replaces({ signal }) {
      const seen = await engine.inspectContainer(container, { signal });
      if (seen?.state !== 'running') return false;
      const image = await options.imageHere(signal);
      if (image === undefined) return true;
      // Its address was given to it, or chosen by the engine.
      const addresses = [seen.addresses[options.network.name], undefined];
      const same = await Promise.all(addresses.map(async (address) => specHash(await spec(image, address))));
      return !same.includes(seen.labels[specLabel] ?? '');
    },

    async grant({ name, password }, { signal }) {
      const user = `'${checkedName(name)}'@'%'`;
      await sql(
        [
          `CREATE DATABASE IF NOT EXISTS \`${name}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`,
          `CREATE USER IF NOT EXISTS ${user}`,
          `ALTER USER ${user} IDENTIFIED VIA mysql_native_password USING '${passwordHash(password)}'` +
            ` WITH MAX_USER_CONNECTIONS ${connectionsEach} ACCOUNT UNLOCK`,
          // In a GRANT, _ stands for any character unless it is escaped.
          `GRANT ALL PRIVILEGES ON \`${name.replaceAll('_', '\\_')}\`.* TO ${user}`,
        ],
        signal,
      );
    },

    url: (grant: BackingGrant) => grantUrl('mysql', grant, mariadbAlias, mariadbPort),

    async revoke(name, { signal }) {
      await sql(withoutUser(checkedName(name)), signal);
    },

    async destroy(name, { signal }) {
      await sql([...withoutUser(checkedName(name)), `DROP DATABASE IF EXISTS \`${name}\``], signal);
    },
  };
}

/** Locks first, so that nobody comes back while connections are ended. */
function withoutUser(name: string): string[] {
  return [
    `CREATE USER IF NOT EXISTS '${name}'@'%' ACCOUNT LOCK`,
    `ALTER USER '${name}'@'%' ACCOUNT LOCK`,
    `KILL CONNECTION USER '${name}'`,
    `DROP USER '${name}'@'%'`,
  ];
}

const hashPattern = /\*[0-9A-F]{40}/g;

/** What MariaDB itself keeps of a password, so that the password never appears in a statement. */
function passwordHash(password: string): string {
  const once = createHash('sha1').update(password, 'utf8').digest();
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`;
}

function denied(error: unknown): boolean {
  return /ERROR 1045/.test(toProblem(error).why);
}
