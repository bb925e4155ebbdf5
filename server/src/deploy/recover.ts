/**
 * Recover: what a companion that died left half done is carried forward or taken back. The commit point decides:
 * `serving` names the new release → forward, else → back. What takes longer than a write goes on as the operation that
 * it was, side by side with those of other apps, and can be watched and cancelled like any other.
 */
import type { Operation } from 'minicloud-shared/model/operation';
import { type Problem, ProblemError, toProblem } from 'minicloud-shared/model/problem';
import { type AppRow, findAppById } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import type { OpenOperation } from '../platform/operation-records.ts';
import { type OperationRun, timingsOf } from '../platform/operation-run.ts';
import type { OperationWork } from '../platform/operations.ts';
import { processLabel, releaseLabel, replicaLabel, roleLabel } from '../processes/processes.ts';
import { findRelease, lastServed, openReleases, type ReleaseRow } from '../releases/releases.ts';
import { resumeDelete } from './delete.ts';
import { execute, type Run, receiptOfSteps } from './execute.ts';
import { observe } from './observe.ts';
import { carrySteps, type Observed } from './plan.ts';
import { finished, giveBackDomains, runOf, undo } from './run.ts';
import { changeState } from './serving.ts';

/** Ends or takes up every operation that the last companion left open. Call once, before new work is taken. */
export async function recover(cloud: Cloud): Promise<void> {
  for (const operation of await cloud.operations.interrupted()) {
    try {
      await recoverOne(cloud, operation);
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
  await settleForgotten(cloud, 0);
}

/**
 * Settles releases that are open with nobody at work on them: the companion died before their operation was recorded,
 * or could not write how it ended. `olderThanMs` leaves alone what is just being asked for.
 */
export async function settleForgotten(cloud: Cloud, olderThanMs: number): Promise<void> {
  for (const release of await openReleases(cloud.db, cloud.clock.now() - olderThanMs)) {
    const app = await findAppById(cloud, release.app_id);
    if (!app || cloud.operations.busy(app.name)) continue;
    if (app.serving === release.version) {
      await cloud.operations.start({
        kind: release.reason.startsWith('rollback') ? 'rollback' : 'deploy',
        app: app.name,
        appId: app.id,
        release: release.version,
        by: release.by,
        ...carrying(cloud, app, release),
      });
    } else await takeBack(cloud, app, release);
    cloud.log.warn('settled a release that nobody was at work on', { app: app.name, release: release.version });
  }
}

async function recoverOne(cloud: Cloud, operation: OpenOperation): Promise<void> {
  const { operations } = cloud;
  // Never by its name: somebody else's app may have that by now.
  const app = operation.appId === undefined ? undefined : await findAppById(cloud, operation.appId);
  if (operation.kind === 'delete') {
    if (app && !cameBack(app, operation)) resumeDelete(cloud, app, operation);
    else await operations.close(operation.id, 'succeeded');
    return;
  }
  const release =
    app && operation.release !== undefined ? await findRelease(cloud.db, app.id, operation.release) : undefined;
  if (!app || !release || operation.kind === 'converge') {
    await operations.close(
      operation.id,
      'failed',
      interrupted(operation, 'The companion was stopped in the middle of it; it is done again where needed.'),
    );
    return;
  }
  if (release.state === 'current') return operations.close(operation.id, 'succeeded');
  if (app.serving === release.version && release.state === 'deploying')
    return operations.resume(operation, carrying(cloud, app, release));
  await operations.close(operation.id, 'failed', await takeBack(cloud, app, release, operation));
}

/** True when the app was deleted to the end, which could not be written down, and was restored since. */
function cameBack(app: AppRow, deletion: Operation): boolean {
  return app.deleting_at === null && deletion.steps.some(({ id, state }) => id === 'routes' && state === 'done');
}

/**
 * A stop of the companion leaves it to the next start: what serves now goes on until then. Cancelled, it goes back to
 * what served before, also when it has not begun yet.
 */
function carrying(cloud: Cloud, app: AppRow, release: ReleaseRow): OperationWork {
  return { resumes: true, takesBack: true, run: (operation) => carryForward(cloud, app, release, operation) };
}

/** The rest of a deploy that was cut off after its commit point; back to what served before when that fails. */
async function carryForward(cloud: Cloud, app: AppRow, release: ReleaseRow, operation: OperationRun): Promise<void> {
  const before = await lastServed(cloud.db, app.id, release.version);
  const run = await runOf(cloud, app, release, operation);
  run.switched = true;
  try {
    const observed = await observe(cloud, app, operation.signal);
    run.containers = replicasOf(run, observed);
    await execute(run, carrySteps(run.desired, observed));
  } catch (error) {
    if (operation.leftOpen()) throw error;
    const problem = await undo(run, { ...app, serving: before?.version ?? null }, release, error);
    throw new ProblemError(problem, { cause: error });
  }
  await finished(run, release);
  cloud.log.info('carried a deploy forward', { app: app.name, release: release.version });
}

/** The container of every replica of the release, by key; throws when one is gone. */
function replicasOf({ app, desired }: Run, observed: Observed): Map<string, string> {
  return new Map(
    desired.processes.map(({ key, process, replica }) => {
      const container = observed.containers.find(
        ({ labels }) =>
          labels[roleLabel] === 'process' &&
          labels[releaseLabel] === String(desired.version) &&
          labels[processLabel] === process &&
          labels[replicaLabel] === String(replica),
      );
      if (!container) throw new ProblemError(missing(app, key));
      return [key, container.id];
    }),
  );
}

/** The release never served: it ends as failed. Containers of it are left to the converge that follows. */
async function takeBack(cloud: Cloud, app: AppRow, release: ReleaseRow, operation?: Operation): Promise<Problem> {
  await giveBackDomains(cloud, app, release);
  const problem: Problem = {
    code: 'interrupted',
    what: 'The deploy was interrupted',
    object: `release ${release.version} of ${app.name}`,
    why: 'The companion was stopped, or could not go on, before the new release served.',
    still: app.serving === null ? 'No release of this app has served yet.' : `Release ${app.serving} still serves.`,
    remedy: 'Deploy again.',
    evidence: [],
  };
  const receipt = operation && receiptOfSteps(timingsOf(operation), release.digest);
  await changeState(cloud, app, release, 'failed', { problem, receipt });
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
    why: 'The companion was stopped while it switched to the release, and no container of the replica is left.',
    remedy: 'Deploy again.',
  };
}
