/**
 * Converge: bring the engine and the proxy back to what the database says. Runs at start, after the engine was away,
 * when a container ended, and every minute; with nothing to do it costs three questions to the engine.
 */
import { toProblem } from 'minicloud-shared/model/problem';
import { type AppRow, everyApp, findAppById } from '../apps/apps.ts';
import { ensureCertificates } from '../certificates/certificates.ts';
import type { Cloud } from '../context.ts';
import { everyDomain } from '../domains/domains.ts';
import { type ReleaseRow, resolvedOf, servingReleases } from '../releases/releases.ts';
import { applyAllRoutes, applyAppRoutes } from '../routes/routes.ts';
import { holdFirewall } from '../services/firewall.ts';
import { retryDelete } from './delete.ts';
import { execute, type Run } from './execute.ts';
import { unkeptPaths } from './image-data.ts';
import { observe, observeAll } from './observe.ts';
import { type Observed, repairSteps, type Step } from './plan.ts';
import { settleForgotten } from './recover.ts';
import { desiredOf } from './run.ts';
import { isContradictory, settledServing } from './serving.ts';

/** Longer than any request takes from recording a release to queueing its operation. */
const forgottenAfterMs = 60_000;

/** Starts a repair of every app that differs and applies the whole route table. Returns the names of those apps. */
export async function convergeAll(cloud: Cloud, signal?: AbortSignal): Promise<string[]> {
  await settleForgotten(cloud, forgottenAfterMs);
  const [apps, releases, observedOf] = await Promise.all([
    everyApp(cloud),
    servingReleases(cloud.db),
    observeAll(cloud, signal),
  ]);
  const serving = new Map(releases.map((release) => [release.app_id, release]));
  const differing: string[] = [];
  for (const app of apps) {
    const release = serving.get(app.id);
    if (cloud.operations.busy(app.name)) continue;
    try {
      if (app.deleting_at !== null) {
        await retryDelete(cloud, app);
        continue;
      }
      const differs =
        (await isContradictory(cloud, app, release)) ||
        (await repairsFor(cloud, app, release, observedOf(app))).length > 0;
      if (!differs) continue;
      differing.push(app.name);
      await startConverge(cloud, app);
    } catch (error) {
      // One app's trouble is not to keep the others from being looked after.
      cloud.log.error('an app could not be converged', { app: app.name, why: toProblem(error).why });
    }
  }
  await ensureCertificates(
    cloud,
    (await everyDomain(cloud)).map((domain) => domain.name),
  );
  if (!(await cloud.proxy.status(signal ? { signal } : {})).running) await cloud.proxy.ensure(signal ? { signal } : {});
  await applyAllRoutes(cloud, signal);
  return differing;
}

/** Queues the repair of one app; finds nothing to do when it comes to its turn and all is well. */
export async function startConverge(cloud: Cloud, app: AppRow): Promise<void> {
  await cloud.operations.start({
    kind: 'converge',
    app: app.name,
    appId: app.id,
    by: 'system',
    run: async (operation) => {
      const found = await findAppById(cloud, app.id);
      if (!found || found.deleting_at !== null) return;
      const release = await settledServing(cloud, found);
      const now = { ...found, serving: release?.version ?? null };
      const observed = await observe(cloud, now, operation.signal);
      const steps = await repairsFor(cloud, now, release, observed);
      if (steps.length === 0) {
        if (now.serving !== found.serving) await applyAppRoutes(cloud, now.id, operation.signal);
        return;
      }
      cloud.log.info('repairing', { app: now.name, steps: steps.map((step) => step.shown.id).join(', ') });
      if (release) {
        // An engine that was started anew may have taken the rules along; see `demandFirewall` for what follows if they stay away.
        await holdFirewall(cloud);
        const run: Run = {
          cloud,
          app: now,
          desired: await desiredOf(cloud, now, release),
          operation,
          containers: new Map(),
          switched: false,
          probes: { sent: 0, failed: 0 },
          finish: async () => {},
        };
        await execute(run, steps);
      } else {
        for (const container of observed.containers)
          await cloud.engine.removeContainer(container.id, { signal: operation.signal });
      }
      await applyAppRoutes(cloud, now.id, operation.signal);
    },
  });
}

async function repairsFor(
  cloud: Cloud,
  app: AppRow,
  release: ReleaseRow | undefined,
  observed: Observed,
): Promise<Step[]> {
  if (release) {
    const wanted = await desiredOf(cloud, app, release);
    const steps = repairSteps(wanted, observed);
    return steps.some(takesAway) ? repairSteps(wanted, observed, await lastingOf(cloud, release)) : steps;
  }
  // Nothing serves: whatever is there was left by a deploy that did not come to its end.
  return observed.containers.map((container) => ({
    action: { kind: 'stop-old', containers: [container] },
    shown: {
      id: `stop-old ${container.name}`,
      kind: 'stop-old',
      title: 'Remove a left-over container',
      object: container.name,
      consequence: 'none',
    },
  }));
}

function takesAway({ action }: Step): boolean {
  return action.kind === 'stop-old' || (action.kind === 'support' && action.replaces.length > 0);
}

/** Processes and support containers of a release that hold data without storage, or whose images can't be asked. */
async function lastingOf(cloud: Cloud, release: ReleaseRow): Promise<Set<string>> {
  const { manifest, supportImages } = resolvedOf(release);
  const keeps = async (image: string, storage: readonly string[]) => {
    const info = await cloud.engine.inspectImage(image);
    return !info || unkeptPaths(info, storage).length > 0;
  };
  const lasting = new Set<string>();
  const storage = manifest.needs.flatMap((need) => (need.kind === 'storage' ? [need.path] : []));
  if (await keeps(release.image_id, storage)) for (const { name } of manifest.processes) lasting.add(name);
  for (const { name, volumes } of manifest.support) {
    const image = supportImages[name];
    if (
      image !== undefined &&
      (await keeps(
        image,
        volumes.map(({ path }) => path),
      ))
    )
      lasting.add(name);
  }
  return lasting;
}

const everyMs = 60_000;
const soonMs = 200;
const idleCheckMs = 500;

/** Converges for ever: now, at engine events that matter, after gaps, and once a minute. `first` resolves after the first time. */
export function keepConverging(cloud: Cloud): { first: Promise<void>; stop(): void } {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let again = false;
  const run = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    clearTimeout(timer);
    try {
      await convergeAll(cloud, stop.signal);
    } catch (error) {
      if (!stop.signal.aborted) cloud.log.warn('converge failed; it is tried again', { why: toProblem(error).why });
    }
    running = false;
    if (stop.signal.aborted) return;
    timer = setTimeout(run, again ? soonMs : everyMs);
    again = false;
  };
  const soon = () => {
    if (running) {
      again = true;
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(run, soonMs);
  };
  /** Apps that something happened to while an operation was at work on them: looked at when it has ended. */
  const missed = new Set<string>();
  const idle = setInterval(() => {
    for (const name of missed) if (!cloud.operations.busy(name) && missed.delete(name)) soon();
  }, idleCheckMs).unref();
  const watch = async () => {
    for await (const event of cloud.engine.events({ signal: stop.signal })) {
      if (event.action === 'resync') {
        // The engine was away: its rules of the network may be new, too.
        await holdFirewall(cloud, stop.signal);
        soon();
        continue;
      }
      if (!('containerId' in event)) continue;
      const name = event.labels['minicloud.app-name'];
      if (name !== undefined && ['start', 'die', 'oom', 'pause', 'unpause'].includes(event.action)) {
        await cloud.events
          .append({
            by: 'system',
            app: name,
            body: {
              kind: 'replica.changed',
              process: event.labels['minicloud.process'] ?? '',
              state: event.action === 'start' ? 'running' : event.action,
              ...(event.exitCode === undefined ? {} : { reason: `exit code ${event.exitCode}` }),
            },
          })
          .catch((error) => cloud.log.warn('an event could not be recorded', { why: toProblem(error).why }));
      }
      if (event.action !== 'destroy' && event.action !== 'die') continue;
      if (name !== undefined && cloud.operations.busy(name)) missed.add(name);
      soon();
    }
  };
  void watch().catch((error) => {
    if (!stop.signal.aborted) cloud.log.error('the engine event stream ended', { why: toProblem(error).why });
  });
  return {
    first: run(),
    stop() {
      stop.abort();
      clearTimeout(timer);
      clearInterval(idle);
    },
  };
}
