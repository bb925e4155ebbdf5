/** What a server has to be able to do for a manifest; compared with its feature list before anything is changed. */
import { features } from '../model/system.ts';
import type { ContainerManifest, Manifest, Need, Rollout } from './model.ts';
import { formatPath, type Path } from './path.ts';

export interface RequiredFeature {
  /** Dotted: `needs.database.postgres`. */
  feature: string;
  /** Key of the manifest that asks for it: `needs[0].database.engine`. */
  path: string;
  /** For people: `a PostgreSQL database`. */
  label: string;
  /** What to do about it on a server without the feature, beside leaving the key out. */
  remedy: string;
}

/**
 * Every feature that deploying this manifest needs, in the order of the manifest's keys. `written` tells whether a key
 * stands in the text: one that means nothing on its default is asked for all the same.
 */
export function requiredFeatures(
  manifest: Manifest,
  written: (path: Path) => boolean = () => false,
): RequiredFeature[] {
  // Not the feature `forward`, which is ports of an app on somebody's own machine.
  if (manifest.kind === 'forward') return [required('kind.forward', ['forward'], 'a forward to a port of the server')];
  const found: RequiredFeature[] = [];
  const add = (condition: unknown, feature: string, path: Path, label: string): void => {
    if (condition) found.push(required(feature, path, label));
  };
  const { build } = manifest;
  add(build, `build.${build?.type}`, ['build'], `building an image (${build?.type})`);
  add(build?.git, 'build.git', ['build', 'git'], 'building from a git repository');
  for (const [index, expose] of manifest.expose.entries()) {
    add(expose.proto !== 'http', `expose.${expose.proto}`, ['expose', index, 'proto'], `a ${expose.proto} port`);
  }
  add(manifest.secrets.length > 0, 'secrets', ['secrets'], 'secrets');
  for (const [index, need] of manifest.needs.entries()) found.push(...needFeatures(need, ['needs', index]));
  found.push(...runFeatures(manifest, written));
  return found;
}

/** What of it is not among `offered`, the features that a server names; those of this version where no server is known. */
export function missingFeatures(
  manifest: Manifest,
  offered: readonly string[] = features,
  written?: (path: Path) => boolean,
): RequiredFeature[] {
  return requiredFeatures(manifest, written).filter(({ feature }) => !offered.includes(feature));
}

function needFeatures(need: Need, path: Path): RequiredFeature[] {
  const inside = [...path, need.kind];
  const found: RequiredFeature[] = [];
  if (need.kind === 'database') {
    const name = need.engine === 'postgres' ? 'a PostgreSQL database' : 'a MariaDB database';
    found.push(
      required(`needs.database.${need.engine}`, need.engine === 'mariadb' ? path : [...inside, 'engine'], name),
    );
    if (need.version !== undefined) {
      found.push(required('needs.database.version', [...inside, 'version'], 'a database of a chosen version'));
    }
    if (need.dedicated) {
      found.push(required('needs.database.dedicated', [...inside, 'dedicated'], 'a database server of its own'));
    }
    return found;
  }
  const labels = { messagebus: 'a message bus', cache: 'a cache', storage: 'a volume' };
  found.push(required(`needs.${need.kind}`, path, labels[need.kind]));
  if (need.kind === 'storage' && need.sizeBytes !== undefined) {
    found.push(required('needs.storage.size', [...inside, 'size'], 'a limit on the size of a volume'));
  }
  return found;
}

function runFeatures(manifest: ContainerManifest, written: (path: Path) => boolean): RequiredFeature[] {
  const found: RequiredFeature[] = [];
  if (manifest.support.length > 0) found.push(required('support', ['support'], 'support containers'));
  if (manifest.security.internet === false)
    found.push(required('internet', ['security', 'internet'], 'an app without the internet', firewalled));
  for (const support of manifest.support) {
    if (support.internet)
      found.push(
        required(
          'internet',
          ['support', support.name, 'internet'],
          'a support container that asks the internet',
          firewalled,
        ),
      );
    const sized = support.volumes.findIndex((volume) => volume.sizeBytes !== undefined);
    if (sized >= 0) {
      const path = ['support', support.name, 'volumes', sized, 'size'];
      found.push(required('needs.storage.size', path, 'a limit on the size of a volume'));
    }
  }
  if (manifest.release) found.push(required('release-command', ['release'], 'a release command'));
  found.push(...rolloutFeatures(manifest.rollout, written));
  if (manifest.jobs.length > 0) found.push(required('jobs', ['jobs'], 'scheduled jobs'));
  if (manifest.placement) found.push(required('placement', ['placement'], 'placement on chosen nodes'));
  if (manifest.backup) found.push(required('backup', ['backup'], 'backups'));
  return found;
}

/** Steps, and how they follow one another, are refused by their own keys where the strategy does not ask for them. */
function rolloutFeatures({ strategy, steps, advance }: Rollout, written: (path: Path) => boolean): RequiredFeature[] {
  if (strategy !== 'rolling')
    return [required(`rollout.${strategy}`, ['rollout', 'strategy'], `the rollout strategy ${strategy}`)];
  const found: RequiredFeature[] = [];
  if (steps.length > 1) found.push(required('rollout.steps', ['rollout', 'steps'], 'traffic in steps'));
  if (advance === 'manual') {
    found.push(required('rollout.advance', ['rollout', 'advance'], 'a rollout that waits for you'));
  }
  if (written(['rollout', 'pause'])) {
    found.push(required('rollout.pause', ['rollout', 'pause'], 'a pause between the steps of a rollout'));
  }
  return found;
}

const firewalled = 'let the server keep its firewall: --firewall auto';

function required(feature: string, path: Path, label: string, remedy = 'upgrade the server'): RequiredFeature {
  return { feature, path: formatPath(path), label, remedy };
}
