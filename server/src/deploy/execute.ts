/**
 * The executor: runs the steps of a plan. Every step is idempotent, so that what was interrupted can be run again.
 * Thin: what to do was decided by `plan.ts`.
 */

import type { DatabaseNeed } from 'minicloud-shared/manifest/model';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Receipt } from 'minicloud-shared/model/release';
import type { ContainerSummary, Labels } from '../adapters/engine/contract.ts';
import { type AppRow, findAppById, networkName, onFreeSubnet, setServing, subnetOf } from '../apps/apps.ts';
import { ensureCertificates } from '../certificates/certificates.ts';
import type { Cloud } from '../context.ts';
import { claimDomains } from '../domains/domains.ts';
import { randomId } from '../platform/ids.ts';
import type { OperationRun } from '../platform/operation-run.ts';
import { addressLabel, appLabel, exitReason, internetLabel, roleLabel } from '../processes/processes.ts';
import { applyAppRoutes, reloadCertificates } from '../routes/routes.ts';
import { admitContainer } from '../services/firewall.ts';
import { attachService, backingFor, grantBinding } from '../services/services.ts';
import { ensureVolume, type Mount } from '../volumes/volumes.ts';
import type { Desired, DesiredContainer } from './desired.ts';
import { drain } from './drain.ts';
import { awaitHealthy, lastLines } from './health.ts';
import { pullInTurn } from './images.ts';
import type { Action, Step } from './plan.ts';
import { type Prober, probeReplicas, startProber } from './probe.ts';

/** State of one run of a plan. */
export interface Run {
  cloud: Cloud;
  app: AppRow;
  desired: Desired;
  operation: OperationRun;
  /** Containers that this run started, by key. */
  containers: Map<string, string>;
  /** Set from the moment the database says that the new release serves. */
  switched: boolean;
  prober?: Prober;
  /** Requests that the companion sent through the proxy during the switch. */
  probes: { sent: number; failed: number };
  /** When the route table began to change, by `performance.now()`. */
  switchedAt?: number;
  /** From then to the first answer of the new release through the proxy. */
  switchMs?: number;
  /** Makes the release current; called by the step `finish`. */
  finish(run: Run): Promise<void>;
}

type Detail = (text: string, progress?: number) => void;

/** Runs the steps in order; throws the first failure. */
export async function execute(run: Run, steps: Step[]): Promise<void> {
  for (const { shown, action } of steps) {
    await run.operation.step({ id: shown.id, title: shown.title }, (detail) => perform(run, action, detail));
  }
}

/** What a deploy measured, as far as it came. */
export function receiptOf(run: Run, digest: string): Receipt {
  return {
    ...receiptOfSteps(run.operation.timings(), digest),
    ...(run.switchMs === undefined ? {} : { switchMs: run.switchMs }),
    probes: { ...run.probes },
  };
}

/** Of one that did not come to its switch: nothing was sent through the proxy. */
export function receiptOfSteps(steps: Receipt['steps'], digest: string): Receipt {
  return { totalMs: steps.reduce((sum, step) => sum + step.ms, 0), probes: { sent: 0, failed: 0 }, digest, steps };
}

async function perform(run: Run, action: Action, detail: Detail): Promise<void> {
  const { cloud, app, desired } = run;
  const signal = run.operation.signal;
  switch (action.kind) {
    case 'network':
      return ensureNetwork(run);
    case 'volume':
      return ensureVolume(cloud, app, action.mount, volumeLabels(desired, action.mount), signal);
    case 'service':
      return ensureService(run, action.need, detail);
    case 'binding':
      await grantBinding(cloud, app, action.need, signal);
      return attachService(cloud, app, backingFor(cloud, action.need), signal);
    case 'release-command':
      return runToEnd(run, action.container, detail);
    case 'support':
      return replaceSupport(run, action.container, action);
    case 'start':
      return startReplicas(run, action.containers, action.stopped);
    case 'await-healthy':
      await run.operation.waiting(() =>
        Promise.all(action.containers.map((container) => awaitReplica(run, container))),
      );
      return;
    case 'switch-routes':
      return switchRoutes(run);
    case 'probe':
      return run.operation.waiting(() => probeReplicas(run, detail));
    case 'finish':
      return run.finish(run);
    case 'drain':
      return run.operation.waiting(() => drain(run, action.containers, detail));
    case 'stop-old':
      return removeContainers(cloud, app, action.containers, desired.manifest.expose.length > 0);
  }
}

/** What is done to a server that others use too is told in the log as well. */
async function ensureService({ cloud, app, operation }: Run, need: DatabaseNeed, detail: Detail): Promise<void> {
  const onDetail = (text: string) => {
    cloud.log.info(text, { app: app.name, service: need.engine });
    detail(text);
  };
  // Its first start takes minutes, and others wait for the same one.
  await operation.waiting(() => backingFor(cloud, need).ensure({ signal: operation.signal, onDetail }));
}

/** The app's network; its addresses are others when somebody took those that were chosen. */
async function ensureNetwork(run: Run): Promise<void> {
  const { cloud, operation } = run;
  const make = async (app: AppRow) => {
    const { subnet, range } = subnetOf(cloud.config.networkPool, app.subnet);
    const network = { ...run.desired.network, subnet, range };
    await cloud.engine.ensureNetwork(network, { signal: operation.signal });
    run.desired = { ...run.desired, app, network };
  };
  run.app = await onFreeSubnet(cloud, run.app, make, operation.signal);
}

function volumeLabels(desired: Desired, { path, owner }: Mount): Labels {
  return {
    ...desired.network.labels,
    'minicloud.volume-path': path,
    ...(owner === '' ? {} : { 'minicloud.volume-of': owner }),
  };
}

async function startReplicas(
  run: Run,
  containers: DesiredContainer[],
  stopped: Map<string, ContainerSummary>,
): Promise<void> {
  const fresh = containers.filter((container) => !stopped.has(container.key));
  // All of a release have one image.
  if (fresh[0]) await requireImage(run, fresh[0]);
  const addresses = await freeAddresses(run, fresh.length, 'replicas');
  await Promise.all(
    containers.map(async (container) => {
      const there = stopped.get(container.key);
      const address = there ? there.labels[addressLabel] : addresses[fresh.indexOf(container)];
      const id = there?.id ?? (await create(run, container, address));
      run.containers.set(container.key, id);
      await start(run, id, container, address);
    }),
  );
}

async function awaitReplica(run: Run, container: DesiredContainer): Promise<void> {
  const containerId = run.containers.get(container.key);
  if (containerId === undefined) return;
  const wanted = { key: container.key, containerId, ...(container.health ? { health: container.health } : {}) };
  await awaitHealthy(run.cloud, run.app, wanted, run.operation.signal);
}

async function replaceSupport(
  run: Run,
  container: DesiredContainer,
  { replaces, stopped }: { replaces: ContainerSummary[]; stopped?: ContainerSummary },
): Promise<void> {
  // What runs goes only when what comes can be made.
  if (!stopped) await requireImage(run, container);
  await removeContainers(run.cloud, run.app, replaces, false);
  const [address] = stopped ? [stopped.labels[addressLabel]] : await freeAddresses(run, 1, 'support');
  const id = stopped?.id ?? (await create(run, container, address));
  await start(run, id, container, address);
  await run.operation.waiting(() =>
    awaitHealthy(run.cloud, run.app, { key: container.key, containerId: id }, run.operation.signal),
  );
}

/** Runs the release command in the new image; its failure fails the deploy before anything was switched. */
async function runToEnd(run: Run, container: DesiredContainer, detail: Detail): Promise<void> {
  const { cloud, app, desired } = run;
  const whole = { signal: run.operation.signal };
  const limitMs = desired.manifest.release?.timeoutMs ?? 0;
  await requireImage(run, container);
  const [address] = await freeAddresses(run, 1, 'replicas');
  const id = await create(run, container, address);
  await start(run, id, container, address);
  // The limit is the command's: what the engine takes to start, to look and to remove is not its.
  const signal = AbortSignal.any([whole.signal, AbortSignal.timeout(limitMs)]);
  detail('running');
  let exitCode: number;
  try {
    exitCode = await run.operation.waiting(() => cloud.engine.waitContainer(id, { signal }));
  } catch (error) {
    if (whole.signal.aborted || !signal.aborted) throw error;
    throw releaseCommandFailed(
      app,
      `It did not end within ${Math.round(limitMs / 1000)} s.`,
      await lastLines(cloud, app, id),
    );
  }
  if (exitCode !== 0) {
    const facts = await cloud.engine.inspectContainer(id, whole);
    const why = facts?.error ?? `It ended with ${exitReason(facts ?? { oomKilled: false, exitCode })}.`;
    throw releaseCommandFailed(app, why, await lastLines(cloud, app, id), facts?.remedy);
  }
  await cloud.engine.removeContainer(id, whole);
}

async function create(run: Run, container: DesiredContainer, address: string | undefined): Promise<string> {
  const { cloud, app, desired } = run;
  const version = container.role === 'support' ? '' : `-v${desired.version}`;
  const { labels } = container.spec;
  const spec = {
    ...container.spec,
    labels: internetLabel in labels && address !== undefined ? { ...labels, [addressLabel]: address } : labels,
    name: `minicloud-${app.name}-${container.key}${version}-${randomId(5)}`,
    network: { name: networkName(app), aliases: container.aliases, ...(address === undefined ? {} : { address }) },
  };
  return cloud.engine.createContainer(spec, { signal: run.operation.signal });
}

/** What runs again has the address that it had, and tells it where that has rules of its own. */
async function start(run: Run, id: string, { spec }: DesiredContainer, address: string | undefined): Promise<void> {
  await admitContainer(run.cloud, { labels: spec.labels, address });
  await run.cloud.engine.startContainer(id, { signal: run.operation.signal });
}

/** Somebody may have removed the image since it was resolved: it is fetched again, and only the very same is taken. */
async function requireImage(
  { cloud, desired, operation }: Run,
  { role, process, spec }: DesiredContainer,
): Promise<void> {
  const options = { signal: operation.signal };
  if (await cloud.engine.inspectImage(spec.image, options)) return;
  const support = desired.manifest.support.find(({ name }) => role === 'support' && name === process);
  const name = support?.image ?? desired.image;
  // What comes of it is kept with the operation, for everybody who may read the app.
  const again = await operation.waiting(() => pullInTurn(cloud, name, { ...options, logins: 'untold' }));
  if (again.id === spec.image) return;
  throw new ProblemError({
    code: 'image_not_found',
    what: 'An image is gone',
    object: `image ${name}`,
    why: `${spec.image} is not on this machine any more, and the name now stands for another image.`,
    remedy: 'Deploy again, with the image that the name stands for now.',
  });
}

/**
 * Addresses that no container of the app has, stopped ones included: a container keeps its address over restarts of
 * engine and machine, so that the proxy's table stays true while nobody is there to correct it.
 */
async function freeAddresses(run: Run, count: number, kind: 'replicas' | 'support'): Promise<string[]> {
  const { cloud, app } = run;
  const all = subnetOf(cloud.config.networkPool, app.subnet)[kind];
  const containers = await cloud.engine.listContainers({ [appLabel]: app.id }, { signal: run.operation.signal });
  // Podman tells no address of what does not run; the label does, where it matters whose rules those are.
  const taken = new Set(
    containers.flatMap(({ addresses, labels }) => [...Object.values(addresses), labels[addressLabel]]),
  );
  const free = all.filter((address) => !taken.has(address));
  if (free.length >= count) return free.slice(0, count);
  throw networkFull(app, { wanted: count, beside: all.length - free.length, room: all.length });
}

/** Told by the plan where it can be known, and by the deploy where somebody else was faster. */
export function networkFull(
  app: Pick<AppRow, 'name'>,
  { wanted, beside, room }: { wanted: number; beside: number; room: number },
): ProblemError {
  return new ProblemError({
    code: 'pool_exhausted',
    what: 'The network of the app is full',
    object: `app ${app.name}`,
    why: `${wanted} more containers are wanted beside ${beside}; its network has room for ${room}.`,
    still: 'What serves goes on.',
    remedy: `During a deploy the old and the new ones need room side by side: deploy at most ${room - beside} first.`,
  });
}

async function switchRoutes(run: Run): Promise<void> {
  const { cloud, app, desired } = run;
  await claimDomains(cloud, app, desired.domains);
  await ensureCertificates(cloud, desired.domains);
  await reloadCertificates(cloud);
  if (app.serving !== null && app.serving !== desired.version) run.prober ??= startProber(run);
  run.switchedAt = performance.now();
  await setServing(cloud, app, desired.version);
  run.switched = true;
  run.app = (await findAppById(cloud, app.id)) ?? app;
  await applyAppRoutes(cloud, app.id, run.operation.signal);
}

const stopSeconds = 10;

/** Ends containers, side by side, with time to finish what they do. */
export async function removeContainers(
  cloud: Cloud,
  app: AppRow,
  containers: ContainerSummary[],
  graceful: boolean,
): Promise<void> {
  const results = await Promise.allSettled(
    containers.map(async (container) => {
      if (graceful && container.labels[roleLabel] !== 'release-command')
        await cloud.engine.stopContainer(container.id, stopSeconds);
      await cloud.engine.removeContainer(container.id);
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  cloud.log.info('removed containers', { app: app.name, count: containers.length });
}

function releaseCommandFailed(
  app: AppRow,
  why: string,
  evidence: string[],
  remedy = 'Read its output below, mend it, and deploy again.',
): ProblemError {
  return new ProblemError({
    code: 'release_command_failed',
    what: 'The release command failed',
    object: `release command of ${app.name}`,
    why,
    remedy,
    evidence,
  });
}
