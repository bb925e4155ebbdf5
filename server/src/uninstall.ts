/**
 * `minicloud uninstall`: takes an installation off the machine, by itself, as `serve` puts it there. Only what carries
 * the installation's label goes, and data stays unless it is asked for: the next `serve` on the home finds it again.
 */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerSummary } from './adapters/engine/contract.ts';
import { everyApp } from './apps/apps.ts';
import { type Config, homePaths } from './config.ts';
import type { Cloud } from './context.ts';

/** What there is of an installation, on the engine and in its home. */
export interface Found {
  installation: string;
  home: string;
  /** Names of apps in the database. */
  apps: string[];
  /** Containers of apps, and of the platform. */
  containers: ContainerSummary[];
  platform: ContainerSummary[];
  networks: string[];
  volumes: string[];
  firewall: boolean;
}

const platformLabel = 'minicloud.platform';

export async function findInstallation(cloud: Cloud, signal: AbortSignal): Promise<Found> {
  const [containers, networks, volumes, apps] = await Promise.all([
    cloud.engine.listContainers({}, { signal }),
    cloud.engine.listNetworks({ signal }),
    cloud.engine.listVolumes({ signal }),
    everyApp(cloud),
  ]);
  const ofPlatform = (container: ContainerSummary) => container.labels[platformLabel] !== undefined;
  return {
    installation: cloud.installation,
    home: cloud.config.home,
    apps: apps.map(({ name }) => name),
    containers: containers.filter((container) => !ofPlatform(container)),
    platform: containers.filter(ofPlatform),
    networks: networks.map(({ name }) => name),
    volumes: volumes.map(({ name }) => name),
    firewall: cloud.config.firewall !== 'off',
  };
}

/** What goes and what stays, as lines. */
export function shownBeforehand(found: Found, withData: boolean): string[] {
  const { apps, containers, platform, networks, volumes, home } = found;
  const rows: [string, string][] = [
    ['apps', apps.length === 0 ? 'none' : `${apps.join(', ')}: they stop serving`],
    ['containers', listed([...containers, ...platform].map(({ name }) => name))],
    ['networks', listed(networks)],
    ['firewall', found.firewall ? 'the two chains of this installation' : 'none: it was switched off'],
  ];
  const data: [string, string][] = [
    ['volumes', `${listed(volumes)}${volumes.length === 0 ? '' : ', with files and databases of apps'}`],
    ['home', `${home}, with releases, tokens, keys and certificates`],
  ];
  const table = (lines: [string, string][]) => lines.map(([name, text]) => `  ${name.padEnd(11)} ${text}`);
  return [
    `Installation ${found.installation}`,
    'Goes:',
    ...table(withData ? [...rows, ...data] : rows),
    ...(withData ? [] : ['Stays, until --with-data is given:', ...table(data)]),
    ...(apps.length > 0 && containers.length === 0
      ? ['This engine has no container of these apps. If they run on another, name it as for `serve`: --engine-socket.']
      : []),
    'Images stay on the engine.',
  ];
}

function listed(names: string[]): string {
  const shown = names.slice(0, 6).join(', ');
  return names.length === 0 ? 'none' : `${names.length}: ${shown}${names.length > 6 ? ', …' : ''}`;
}

const stopSeconds = 10;
/** The database writes back what it holds. */
const platformStopSeconds = 30;
const atOnce = 8;

/** Removes what was found; volumes with data alone. Can be run again after a failure; throws the first one. */
export async function removeInstallation(
  cloud: Cloud,
  found: Found,
  { withData, say, signal }: { withData: boolean; say: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  const { engine } = cloud;
  const remove = async ({ id }: ContainerSummary, seconds: number) => {
    await engine.stopContainer(id, seconds, { signal });
    await engine.removeContainer(id, { signal });
  };
  say('ending containers');
  await eachOf(found.containers, (container) => remove(container, stopSeconds));
  await eachOf(found.platform, (container) => remove(container, platformStopSeconds));
  say('removing networks');
  await eachOf(found.networks, (name) => engine.removeNetwork(name, { signal }));
  if (withData) {
    say('removing volumes');
    await eachOf(found.volumes, (name) => engine.removeVolume(name, { signal }));
  }
  if (!found.firewall) return;
  say('removing firewall chains');
  await cloud.firewall.remove({ signal });
}

/** A few at a time: an engine that is asked for a thousand things at once answers none in time. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      await work(item).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length > 0) throw failures[0];
}

/**
 * Removes what Minicloud made in its home, and the folder itself when nothing else is in it. The companion's database
 * has to be closed. Gives what was left because it is not ours.
 */
export async function removeHome(config: Pick<Config, 'home' | 'ready'>): Promise<string[]> {
  const paths = homePaths(config.home);
  const beside = ['-wal', '-shm', '-journal'];
  const files = Object.values(paths).flatMap((path) => [path, ...beside.map((end) => path + end)]);
  files.push(join(config.home, 'ready.json'), ...(config.ready === undefined ? [] : [config.ready]));
  for (const path of files) await rm(path, { recursive: true, force: true });
  const left = await readdir(config.home);
  if (left.length === 0) await rmdir(config.home);
  return left;
}
