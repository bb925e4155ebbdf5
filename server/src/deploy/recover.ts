/**
 * Recover: what a companion that died left half done is carried forward or taken back, within seconds of the next
 * start. The commit point decides: `serving` names the new release → forward, else → back.
 */
import type { Operation } from 'minicloud-shared/model/operation';
import { type Problem, ProblemError, toProblem } from 'minicloud-shared/model/problem';
import { type AppRow, findApp, findAppById, setServing } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { appLabel, processLabel, releaseLabel, replicaLabel, roleLabel } from '../processes/processes.ts';
import { findRelease, openReleases, type ReleaseRow, releasesInState } from '../releases/releases.ts';
import { startDelete } from './delete.ts';
import type { Desired } from './desired.ts';
import { awaitHealthy } from './health.ts';
import { changeState, desiredOf, giveBackDomains, makeCurrent } from './run.ts';

/** Ends every operation that the last companion left open. Call once, before new work is taken. */
export async function recover(cloud: Cloud, signal: AbortSignal): Promise<void> {
  for (const operation of await cloud.operations.interrupted()) {
    try {
      await recoverOne(cloud, operation, signal);
    } catch (error) {
      cloud.log.error('could not recover an operation', {
        operation: operation.id,
        app: operation.app,
        why: toProblem(error).why,
      });
      await cloud.operations.close(
        operation.id,
        'failed',
        interrupted(operation, 'The companion was stopped in the middle of it.'),
      );
    }
  }
  await settleForgotten(cloud, 0, signal);
}

/**
 * Settles releases that are open with nobody at work on them: the companion died before their operation was recorded,
 * or could not write how it ended. `olderThanMs` leaves alone what is just being asked for.
 */
export async function settleForgotten(cloud: Cloud, olderThanMs: number, signal: AbortSignal): Promise<void> {
  for (const release of await openReleases(cloud.db, cloud.clock.now() - olderThanMs)) {
    const app = await findAppById(cloud, release.app_id);
    if (!app || cloud.operations.busy(app.name)) continue;
    const problem = await settle(cloud, app, release, signal);
    cloud.log.warn('settled a release that nobody was at work on', {
      app: app.name,
      release: release.version,
      outcome: problem ? 'failed' : 'current',
    });
  }
}

async function recoverOne(cloud: Cloud, operation: Operation, signal: AbortSignal): Promise<void> {
  const app = await findApp(cloud, operation.app);
  if (operation.kind === 'delete') {
    await cloud.operations.close(
      operation.id,
      'failed',
      interrupted(operation, 'The companion was stopped in the middle of it; it goes on now.'),
    );
    if (app) await startDelete(cloud, app, 'system');
    return;
  }
  const release =
    app && operation.release !== undefined ? await findRelease(cloud.db, app.id, operation.release) : undefined;
  if (!app || !release || operation.kind === 'converge') {
    await cloud.operations.close(
      operation.id,
      'failed',
      interrupted(operation, 'The companion was stopped in the middle of it; it is done again where needed.'),
    );
    return;
  }
  const problem = await settle(cloud, app, release, signal);
  await cloud.operations.close(operation.id, problem ? 'failed' : 'succeeded', problem);
}

/** Carries an open release forward when it serves and is healthy, else takes it back. The problem when it was taken back. */
async function settle(
  cloud: Cloud,
  app: AppRow,
  release: ReleaseRow,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  if (release.state === 'current') return undefined;
  if (app.serving === release.version && (await carryForward(cloud, app, release, signal))) {
    cloud.log.info('carried a deploy forward', { app: app.name, release: release.version });
    return undefined;
  }
  return takeBack(cloud, app, release);
}

/** True when every replica of the release is healthy and it was made current. */
async function carryForward(cloud: Cloud, app: AppRow, release: ReleaseRow, signal: AbortSignal): Promise<boolean> {
  const wanted = await desiredOf(cloud, app, release);
  try {
    await Promise.all(
      (await replicasOfRelease(cloud, app, wanted)).map((replica) => awaitHealthy(cloud, app, replica, signal)),
    );
  } catch (error) {
    cloud.log.warn('a release that was being switched to is not healthy', {
      app: app.name,
      release: release.version,
      why: toProblem(error).why,
    });
    return false;
  }
  await makeCurrent(cloud, app, release);
  await giveBackDomains(cloud, app);
  return true;
}

async function replicasOfRelease(cloud: Cloud, app: AppRow, wanted: Desired) {
  const containers = await cloud.engine.listContainers({
    [appLabel]: app.id,
    [releaseLabel]: String(wanted.version),
    [roleLabel]: 'process',
  });
  return wanted.processes.map((process) => {
    const container = containers.find(
      (one) => one.labels[processLabel] === process.process && one.labels[replicaLabel] === String(process.replica),
    );
    if (!container) throw new ProblemError(missing(app, process.key));
    return { key: process.key, containerId: container.id, ...(process.health ? { health: process.health } : {}) };
  });
}

/** The release that served before serves again; containers of the other are left to the converge that follows. */
async function takeBack(cloud: Cloud, app: AppRow, release: ReleaseRow): Promise<Problem> {
  const [current] = await releasesInState(cloud.db, app.id, 'current');
  if (app.serving === release.version) await setServing(cloud, app, current?.version ?? null);
  await giveBackDomains(cloud, app, release);
  const problem: Problem = {
    code: 'interrupted',
    what: 'The deploy was interrupted',
    object: `release ${release.version} of ${app.name}`,
    why: 'The companion was stopped, or could not go on, before the new release served.',
    still: current ? `Release ${current.version} still serves.` : 'No release of this app has served yet.',
    remedy: 'Deploy again.',
    evidence: [],
  };
  await changeState(cloud, app, release, 'failed', { problem });
  return problem;
}

function interrupted(operation: Operation, why: string): Problem {
  return {
    code: 'interrupted',
    what: `The ${operation.kind} was interrupted`,
    object:
      operation.release === undefined ? `app ${operation.app}` : `release ${operation.release} of ${operation.app}`,
    why,
    still: '',
    remedy: operation.kind === 'converge' ? 'Nothing: it is repeated by itself.' : 'Deploy again.',
    evidence: [],
  };
}

function missing(app: AppRow, key: string) {
  return {
    code: 'container_exited' as const,
    what: 'A replica of the release is gone',
    object: `${key} of ${app.name}`,
    why: 'No container of it is left.',
    remedy: 'Deploy again.',
  };
}
