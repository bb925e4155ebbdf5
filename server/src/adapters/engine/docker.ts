/** The engine port on Docker's API, which Podman speaks too. Nothing but this folder knows either. */
import { ProblemError } from 'minicloud-shared/model/problem';
import { imageReaderLabel, ownLabels } from './baseline.ts';
import { type Engine, type EngineCapabilities, type EngineInfo, installationLabel } from './contract.ts';
import { type Dialect, dockerDialect, podmanDialect } from './dialect.ts';
import { containerListAnswer, containerName, infoAnswer, versionAnswer } from './docker-answers.ts';
import { containerCalls, containerGuard } from './docker-containers.ts';
import { containerEvents } from './docker-events.ts';
import { imageCalls } from './docker-images.ts';
import { liveCalls } from './docker-live.ts';
import { measureCalls } from './docker-measure.ts';
import { guards, networkCalls } from './docker-networks.ts';
import { type Call, createTransport, type Deadlines, type Transport } from './docker-transport.ts';

export interface DockerOptions {
  /** `/var/run/docker.sock` unless said otherwise. */
  socketPath?: string;
  /** URL instead of the socket: `tcp://10.0.0.5:2375`. */
  host?: string;
  installation: string;
  deadlines?: Partial<Deadlines>;
}

/** The newest version of the API that this was written against, and the oldest that has all that is asked. */
const newestApi = '1.47';
const oldestApi = '1.41';
/** Older leftovers of reading an image are removed at start; younger ones may be in use. */
const leftoverAgeMs = 5 * 60_000;

const look = { method: 'GET', object: 'engine' } as const;

/** Connects, agrees on a version and learns what the engine can do. `engine_unreachable` when nothing answers. */
export async function createDockerEngine(options: DockerOptions): Promise<Engine> {
  const { installation } = options;
  const transport = createTransport(options);
  const version = await transport.ask({ ...look, path: '/version', verb: 'tell its version' }, versionAnswer);
  transport.useVersion(agreeOnVersion(version.ApiVersion, version.MinAPIVersion));
  const podman = (version.Components ?? []).some(({ Name }) => /podman/i.test(Name));
  const dialect = podman ? await podmanDialect() : dockerDialect;
  const { capabilities } = await readInfo(transport, dialect, Boolean(options.host));

  const guard = guards(transport, installation);
  const guardContainer = containerGuard(transport, installation);
  const containers = containerCalls(transport, installation, capabilities, dialect, guard);
  const platform = { os: version.Os, arch: version.Arch };
  await sweepReaders(transport, installation);

  return {
    installation,
    capabilities,
    platform,
    async info(callOptions): Promise<EngineInfo> {
      // Both at once: each takes Podman half a second, more on a busy machine.
      const [now, { info }] = await Promise.all([
        transport.ask({ ...look, path: '/version', verb: 'tell its version' }, versionAnswer, callOptions),
        readInfo(transport, dialect, Boolean(options.host), callOptions),
      ]);
      return {
        kind: dialect.kind,
        version: now.Version,
        os: now.Os,
        arch: now.Arch,
        memoryBytes: info.MemTotal,
        cpus: info.NCPU,
        ...(info.DockerRootDir && { dataRoot: info.DockerRootDir }),
      };
    },
    ...imageCalls(transport, installation, platform, dialect),
    ...networkCalls(transport, installation, guard, guardContainer, dialect),
    ...containers,
    ...liveCalls(transport, capabilities, guardContainer),
    ...measureCalls(guardContainer, containers.stats),
    events: ({ signal }) => containerEvents(transport, installation, signal),
  };
}

async function readInfo(transport: Transport, dialect: Dialect, remote: boolean, options?: { signal?: AbortSignal }) {
  const info = await transport.ask({ ...look, path: '/info', verb: 'tell about itself' }, infoAnswer, options);
  const rootless = (info.SecurityOptions ?? []).some((option) => option.includes('rootless'));
  const desktop = /docker desktop/i.test(info.OperatingSystem ?? '');
  const capabilities: EngineCapabilities = {
    reachableAddresses: !rootless && !desktop && !remote,
    hostNetwork: !rootless && !desktop,
    memoryLimits: info.MemoryLimit ?? true,
    resolverAtGateway: dialect.kind === 'podman',
    tellsBuiltImages: dialect.kind === 'docker',
    tellsStoppedAddresses: dialect.tellsAskedAddress,
  };
  return { info, capabilities };
}

function agreeOnVersion(theirs: string, theirOldest: string | undefined): string {
  const agreed = compareVersions(theirs, newestApi) < 0 ? theirs : newestApi;
  if (compareVersions(agreed, oldestApi) >= 0 && compareVersions(agreed, theirOldest ?? agreed) >= 0) return agreed;
  throw new ProblemError({
    code: 'engine_failed',
    what: 'This version of the container engine is not supported',
    object: 'engine',
    why: `It speaks versions ${theirOldest ?? '?'} to ${theirs} of the API; Minicloud needs one of ${oldestApi} to ${newestApi}.`,
    still: 'Containers that run keep running.',
    remedy: 'Install Docker 20.10 or newer, or a newer Minicloud.',
  });
}

function compareVersions(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}

/** What a companion that was killed while it looked into an image left behind. */
async function sweepReaders(transport: Transport, installation: string): Promise<void> {
  const call: Call = { ...look, path: '/containers/json', verb: 'list the containers' };
  const filters = JSON.stringify({ label: [`${installationLabel}=${installation}`, imageReaderLabel] });
  const found = await transport.ask({ ...call, query: { all: true, filters } }, containerListAnswer);
  for (const { Id, Labels, Names, Created } of found) {
    if (
      !(imageReaderLabel in ownLabels(Labels, containerName(Names?.[0] ?? ''))) ||
      Date.now() - Created * 1000 < leftoverAgeMs
    )
      continue;
    const remove = { ...look, method: 'DELETE', path: `/containers/${Id}`, verb: 'remove the container' } as const;
    await transport.tell({ ...remove, query: { force: true, v: true } });
  }
}
