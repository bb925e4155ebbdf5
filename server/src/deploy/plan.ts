/**
 * The planner: (desired, observed) → steps with their consequences. Pure. Preview, deploy, rollback, repair after a
 * crash and drift all ask this one function.
 */
import { createHash } from 'node:crypto';
import type { DatabaseNeed } from 'minicloud-shared/manifest/model';
import type { Plan, PlanStep } from 'minicloud-shared/model/plan';
import { type Consequence, consequences } from 'minicloud-shared/model/plan';
import type { ContainerSummary, NetworkInfo, VolumeInfo } from '../adapters/engine/contract.ts';
import { madeByLabel, processLabel, releaseLabel, replicaLabel, roleLabel, specLabel } from '../processes/processes.ts';
import type { Mount } from '../volumes/volumes.ts';
import { type ChangeInput, changes, notes, nothingDiffers } from './changes.ts';
import type { ConfigPlanned } from './config-plan.ts';
import type { Desired, DesiredContainer } from './desired.ts';
import { imageDataNotes } from './image-data.ts';

/** What the engine has of one app. */
export interface Observed {
  network: NetworkInfo | undefined;
  volumes: VolumeInfo[];
  containers: ContainerSummary[];
  /** The shared database server: whether it runs, and which networks reach it. */
  backing: {
    running: boolean;
    networks: ReadonlySet<string>;
    /** It would be replaced by one with newer settings, under so many other apps. Asked for plans that are shown. */
    replaced?: { others: number };
  };
}

/** Nothing of the app is there. */
export const nothingObserved: Observed = {
  network: undefined,
  volumes: [],
  containers: [],
  backing: { running: false, networks: new Set() },
};

export type Action =
  | { kind: 'network' }
  | { kind: 'volume'; mount: Mount }
  | { kind: 'service'; need: DatabaseNeed }
  | { kind: 'binding'; need: DatabaseNeed }
  | { kind: 'release-command'; container: DesiredContainer }
  /** `stopped`: the one that is there and only has to run again. */
  | { kind: 'support'; container: DesiredContainer; replaces: ContainerSummary[]; stopped?: ContainerSummary }
  /** `stopped`: containers that are there with the right spec and only have to run again, by key. */
  | { kind: 'start'; containers: DesiredContainer[]; stopped: Map<string, ContainerSummary> }
  | { kind: 'await-healthy'; containers: DesiredContainer[] }
  | { kind: 'switch-routes' }
  | { kind: 'probe' }
  | { kind: 'finish' }
  | { kind: 'drain'; containers: ContainerSummary[] }
  | { kind: 'stop-old'; containers: ContainerSummary[] };

export interface Step {
  shown: PlanStep;
  action: Action;
}

/** Steps of a deploy of a new release, in the order in which they run. */
export function deploySteps(desired: Desired, observed: Observed): Step[] {
  const { steps, add } = collector();
  prepare(desired, observed, add);
  if (desired.releaseCommand) {
    add(
      { kind: 'release-command', container: desired.releaseCommand },
      'release-command',
      'Run the release command in the new image',
      'release command',
    );
  }
  bringUp(desired, observed, add);
  switchOver(desired, observed, add);
  return steps;
}

/** What is left of a deploy that was cut off after its commit point: its replicas are there, or it is taken back. */
export function carrySteps(desired: Desired, observed: Observed): Step[] {
  const { steps, add } = collector();
  awaitReplicas(desired.processes, add);
  switchOver(desired, observed, add);
  return steps;
}

function switchOver(desired: Desired, observed: Observed, add: Add): void {
  add(
    { kind: 'switch-routes' },
    'switch-routes',
    `Send traffic to release ${desired.version}`,
    `release ${desired.version}`,
  );
  if (desired.domains.length > 0)
    add({ kind: 'probe' }, 'probe', 'Ask every replica through the proxy', desired.domains.join(', '));
  add({ kind: 'finish' }, 'finish', `Make release ${desired.version} current`, `release ${desired.version}`);
  const old = extras(desired, observed);
  if (old.length > 0) {
    add(
      { kind: 'drain', containers: old },
      'drain',
      'Let requests under way finish',
      count(old.length, 'old container'),
    );
    add(
      { kind: 'stop-old', containers: old },
      'stop-old',
      `Stop ${count(old.length, 'old container')}`,
      count(old.length, 'old container'),
    );
  }
}

/**
 * Steps that bring the engine back to a release that serves already; none when nothing differs. `lasting` names the
 * processes and support containers that hold data of their own: nobody was asked about it, so that one which an earlier
 * version of Minicloud made with other settings stays until the next deploy.
 */
export function repairSteps(desired: Desired, observed: Observed, lasting: ReadonlySet<string> = new Set()): Step[] {
  const { steps, add } = collector();
  const kept = matching(desired, observed, lasting);
  const whole = [...desired.support, ...desired.processes].every((container) => isAlive(kept.get(container.key)));
  const reached =
    desired.databases.length === 0 || (observed.backing.running && observed.backing.networks.has(desired.network.name));
  if (!whole || !reached || !observed.network) {
    prepare(desired, observed, add);
    bringUp(desired, observed, add, lasting);
    add({ kind: 'switch-routes' }, 'switch-routes', 'Point the routes at the replicas', desired.app.name);
  }
  const extra = extras(desired, observed, lasting);
  if (extra.length > 0)
    add(
      { kind: 'stop-old', containers: extra },
      'stop-old',
      `Remove ${count(extra.length, 'container')} of no release`,
      desired.app.name,
    );
  return steps;
}

type Add = (
  action: Action,
  id: string,
  title: string,
  object: string,
  consequence?: Consequence,
  downtimeSeconds?: number,
) => void;

/** Steps, in the order in which they are added. */
function collector(): { steps: Step[]; add: Add } {
  const steps: Step[] = [];
  const add: Add = (action, id, title, object, consequence = 'none', downtimeSeconds) => {
    const downtime = downtimeSeconds === undefined ? {} : { downtimeSeconds };
    steps.push({ action, shown: { id, kind: action.kind, title, object, consequence, ...downtime } });
  };
  return { steps, add };
}

function prepare(desired: Desired, observed: Observed, add: Add): void {
  if (!observed.network)
    add({ kind: 'network' }, 'network', `Make the network of ${desired.app.name}`, desired.app.name);
  const volumes = new Set(observed.volumes.map((volume) => volume.name));
  for (const mount of desired.mounts) {
    if (!volumes.has(mount.volume))
      add(
        { kind: 'volume', mount },
        `volume ${place(mount)}`,
        `Make the volume at ${place(mount)}`,
        `volume ${place(mount)}`,
      );
  }
  for (const need of desired.databases) {
    // One server for all of its kind.
    if (need === desired.databases.find(({ engine }) => engine === need.engine))
      addService(need, observed.backing.replaced, add);
    add({ kind: 'binding', need }, `binding ${need.env}`, `Make sure of the database behind ${need.env}`, need.env);
  }
}

/** Seconds for a MariaDB to end in order and another one to answer. */
const replaceSeconds = 10;

function addService(need: DatabaseNeed, replaced: { others: number } | undefined, add: Add): void {
  const action: Action = { kind: 'service', need };
  const id = `service ${need.engine}`;
  if (!replaced) {
    add(action, id, 'Make sure that MariaDB runs', need.engine);
    return;
  }
  const { others } = replaced;
  const waits = others === 0 ? '' : `; ${count(others, 'other app')} ${others === 1 ? 'waits' : 'wait'} for it, too`;
  add(action, id, `Replace MariaDB by one with newer settings${waits}`, need.engine, 'downtime', replaceSeconds);
}

function place({ path, owner }: Mount): string {
  return owner === '' ? path : `${path} of ${owner}`;
}

function bringUp(desired: Desired, observed: Observed, add: Add, lasting: ReadonlySet<string> = new Set()): void {
  const kept = matching(desired, observed, lasting);
  for (const container of desired.support) {
    const same = kept.get(container.key);
    if (isAlive(same)) continue;
    const stopped = lasting.has(container.process) && same?.state === 'exited' ? same : undefined;
    const replaces = stopped ? [] : observed.containers.filter((known) => isSupport(known, container.process));
    const [title, consequence] = replaces.length > 0 ? (['Replace', 'restart'] as const) : (['Start', 'none'] as const);
    add(
      { kind: 'support', container, replaces, ...(stopped ? { stopped } : {}) },
      `support ${container.key}`,
      `${title} support container ${container.key}`,
      container.key,
      consequence,
    );
  }
  const missing = desired.processes.filter((container) => !isAlive(kept.get(container.key)));
  for (const [process, containers] of Map.groupBy(missing, (container) => container.process)) {
    add(
      { kind: 'start', containers, stopped: kept },
      `start ${process}`,
      `Start ${count(containers.length, 'replica')} of ${process}`,
      process,
    );
  }
  awaitReplicas(missing, add);
}

function awaitReplicas(containers: DesiredContainer[], add: Add): void {
  if (containers.length === 0) return;
  add(
    { kind: 'await-healthy', containers },
    'await-healthy',
    'Wait until they are healthy',
    count(containers.length, 'replica'),
  );
}

/** Desired key → the container that already is it; one that runs before one that does not. */
function matching(
  desired: Desired,
  observed: Observed,
  lasting: ReadonlySet<string> = new Set(),
): Map<string, ContainerSummary> {
  const found = new Map<string, ContainerSummary>();
  for (const wanted of [...desired.support, ...desired.processes]) {
    const ofIt = observed.containers.filter((known) => known.labels[replicaLabel] === String(wanted.replica));
    const same = ofIt.filter((known) => known.labels[specLabel] === wanted.hash);
    const earlier = lasting.has(wanted.process)
      ? ofIt.filter((known) => isEarlier(known, wanted, desired.version))
      : [];
    const best = same.find(isAlive) ?? earlier.find(isAlive) ?? same[0] ?? earlier[0];
    if (best) found.set(wanted.key, best);
  }
  return found;
}

/** It runs, or the engine will start it again by itself. */
function isAlive(container: ContainerSummary | undefined): boolean {
  return container !== undefined && ['running', 'restarting', 'paused'].includes(container.state);
}

/**
 * Of this very release, or of the same image: what is different is how Minicloud made it. A support container that a
 * later release than the serving one made is a failed deploy's, with that one's settings.
 */
function isEarlier({ labels, image }: ContainerSummary, wanted: DesiredContainer, serving: number): boolean {
  const own = wanted.spec.labels;
  return (
    [roleLabel, processLabel, releaseLabel].every((key) => labels[key] === own[key]) &&
    image === wanted.spec.image &&
    Number(labels[madeByLabel] ?? 0) <= serving
  );
}

function isSupport(container: ContainerSummary, process: string): boolean {
  return container.labels[roleLabel] === 'support' && container.labels[processLabel] === process;
}

/** Not part of the desired release. Support containers that are still wanted are their own step's business. */
function extras(desired: Desired, observed: Observed, lasting?: ReadonlySet<string>): ContainerSummary[] {
  const kept = new Set([...matching(desired, observed, lasting).values()].map((container) => container.id));
  return observed.containers.filter(
    (container) => !kept.has(container.id) && !desired.support.some((wanted) => isSupport(container, wanted.process)),
  );
}

/** The plan as people and clients see it, with its hash. */
export function shownPlan(
  input: ChangeInput & {
    steps: Step[];
    urls: string[];
    extraNotes: string[];
    rollbackTo?: number;
    config: ConfigPlanned;
  },
): Plan {
  const { desired, previous, steps } = input;
  const shown = steps.map((step) => step.shown);
  const changed = [...changes(input), ...input.config.changes];
  const worst = Math.max(0, ...[...shown, ...changed].map((entry) => consequences.indexOf(entry.consequence)));
  const body = {
    app: desired.app.name,
    creates: previous === undefined,
    ...(previous ? { fromRelease: previous.version } : {}),
    toRelease: desired.version,
    ...(input.rollbackTo === undefined ? {} : { rollbackTo: input.rollbackTo }),
    image: input.image,
    digest: input.digest,
    changes: changed,
    steps: shown,
    consequence: consequences[worst] ?? 'none',
    notes: [
      ...notes(input).filter((note) => note !== nothingDiffers || input.config.changes.length === 0),
      ...imageDataNotes(input.imageData),
      ...input.extraNotes,
    ],
    urls: input.urls,
  };
  // The hash covers what people can't see too: two plans that look alike but run other specs differ.
  const specs = [...desired.support, ...desired.processes].map((container) => container.hash);
  const hash = createHash('sha256')
    .update(JSON.stringify([body, specs, desired.manifest, input.config.versions]))
    .digest('hex');
  return { ...body, hash };
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
