/**
 * Deleting an app: explicit, named, and without its data, which stays in the trash. Until its first container is taken
 * away it can be called off, and the app is as before; from then on it goes on to its end, over stops of the companion.
 */
import { ProblemError, toProblem } from 'minicloud-shared/model/problem';
import {
  type AppRow,
  findApp,
  findAppById,
  markDeleting,
  networkName,
  requireApp,
  unmarkDeleting,
} from '../apps/apps.ts';
import { type Cloud, type Principal, systemPrincipal } from '../context.ts';
import type { OpenOperation, RequestKey } from '../platform/operation-records.ts';
import type { OperationRun } from '../platform/operation-run.ts';
import type { OperationWork } from '../platform/operations.ts';
import { applyAppRoutes } from '../routes/routes.ts';
import { revokeBindings } from '../services/services.ts';
import { moveToTrash } from '../trash/trash.ts';
import { requestOf, sameOperation } from './enqueue.ts';
import { removeContainers } from './execute.ts';
import { observe } from './observe.ts';

/**
 * Throws `invalid_input` unless the name was repeated to confirm. With a key that was used it is what that started; throws
 * `conflict` when that was the deletion of an earlier app of the name, as who asks again may not know of this one.
 */
export async function deleteApp(
  cloud: Cloud,
  by: Principal,
  input: { name: string; confirm: string; idempotencyKey?: string | undefined },
): Promise<{ operationId: string }> {
  const { name, idempotencyKey } = input;
  const request = requestOf(by, idempotencyKey);
  const asked = request && (await cloud.operations.find({ kind: 'delete', app: name, ...request }));
  const there = await findApp(cloud, name);
  // Asked again after its answer got lost, the app may be gone already.
  if (asked && !there) return { operationId: asked.id };
  const app = there ?? (await requireApp(cloud, name));
  if (input.confirm !== input.name) {
    throw new ProblemError({
      code: 'invalid_input',
      what: 'The app was not deleted',
      object: `app ${input.name}`,
      why: `The confirmation was ${JSON.stringify(input.confirm.slice(0, 50))}, not its name.`,
      still: 'It keeps serving.',
      remedy: `Repeat its name to confirm: \`minicloud apps:delete ${input.name} --confirm ${input.name}\`.`,
    });
  }
  const repeated = await sameOperation(cloud, by, app, { kind: 'delete', idempotencyKey });
  if (repeated) return { operationId: repeated.operationId };
  if (asked) throw anotherWasMeant(name);
  return startDelete(cloud, app, by.name, request);
}

/** Goes on with a deletion that the companion was stopped in. */
export function resumeDelete(cloud: Cloud, app: AppRow, operation: OpenOperation): void {
  cloud.operations.resume(operation, deleting(cloud, app, operation.by));
}

const againMs = 10 * 60_000;

/** Tries a deletion once more that failed past its point of no return, a while after it did. */
export async function retryDelete(cloud: Cloud, app: AppRow): Promise<void> {
  const recent = await cloud.operations.list(app.name, 20);
  const [last] = recent;
  if (last?.finishedAt !== undefined && cloud.clock.now() - last.finishedAt < againMs) return;
  // Whoever confirmed it is who deletes the app, however often it takes.
  const asked = recent.find(({ kind, by }) => kind === 'delete' && by !== systemPrincipal.name);
  await startDelete(cloud, app, asked?.by ?? systemPrincipal.name);
}

/** Queues the deletion; containers, routes, network and name go, volumes and databases stay. */
async function startDelete(
  cloud: Cloud,
  app: AppRow,
  by: string,
  request?: RequestKey,
): Promise<{ operationId: string }> {
  const operation = await cloud.operations.start({
    kind: 'delete',
    app: app.name,
    appId: app.id,
    by,
    request,
    ...deleting(cloud, app, by),
  });
  return { operationId: operation.id };
}

function deleting(cloud: Cloud, app: AppRow, by: string): OperationWork {
  return {
    resumes: true,
    // With another one at work on it that may still call it off, it is looked at again when the turn comes.
    committed: app.deleting_at !== null && !cloud.operations.busy(app.name),
    run: async (run) => {
      const now = await findAppById(cloud, app.id);
      // Another deletion that came first has done it.
      if (!now) return;
      await comeToNoReturn(cloud, now, run);
      try {
        await takeAway(cloud, now, by, run);
      } catch (error) {
        throw new ProblemError({ ...toProblem(error), ...halfDone(app.name) }, { cause: error });
      }
    },
  };
}

/** Takes the routes away, which is all that can be given back; one that was begun before is past that already. */
async function comeToNoReturn(cloud: Cloud, app: AppRow, run: OperationRun): Promise<void> {
  if (app.deleting_at !== null) run.passPointOfNoReturn();
  try {
    await run.step({ id: 'routes', title: 'Take its routes away' }, async () => {
      await markDeleting(cloud, app);
      await applyAppRoutes(cloud, app.id, run.signal);
    });
    run.passPointOfNoReturn();
  } catch (error) {
    if (run.leftOpen() || app.deleting_at !== null) throw error;
    await unmarkDeleting(cloud, app);
    await applyAppRoutes(cloud, app.id).catch((cause) =>
      cloud.log.error('routes could not be given back; the next converge does it', {
        app: app.name,
        why: toProblem(cause).why,
      }),
    );
    throw new ProblemError({ ...toProblem(error), still: 'The app is as before, and serves.' }, { cause: error });
  }
}

async function takeAway(cloud: Cloud, app: AppRow, by: string, run: OperationRun): Promise<void> {
  await run.step({ id: 'stop', title: 'Stop its containers' }, async () => {
    const observed = await observe(cloud, app, run.signal);
    await removeContainers(cloud, app, observed.containers, true);
  });
  await run.step({ id: 'bindings', title: 'Take its database users away; the databases stay' }, async () => {
    // The server may have to be started for it, which takes minutes.
    await run.waiting(() => revokeBindings(cloud, app, run.signal));
  });
  await run.step({ id: 'network', title: 'Remove its network' }, async () => {
    for (const backing of Object.values(cloud.backings)) {
      await cloud.engine.disconnectNetwork(networkName(app), backing.container, { signal: run.signal });
    }
    await cloud.engine.removeNetwork(networkName(app), { signal: run.signal });
  });
  await run.step({ id: 'forget', title: 'Give its names back; its data goes to the trash' }, async () => {
    await cloud.events.append({
      by,
      app: app.name,
      body: { kind: 'app.deleted', name: app.name },
      alongside: (db) => moveToTrash({ db, clock: cloud.clock, redactor: cloud.redactor }, app, by),
    });
  });
}

function anotherWasMeant(name: string): ProblemError {
  return new ProblemError({
    code: 'conflict',
    what: 'The app was not deleted',
    object: `app ${name}`,
    why: 'The request with this idempotency key deleted an earlier app of this name, which is gone; this one was made since.',
    still: 'It is as it was.',
    remedy: 'To delete this one as well, ask with a new key.',
  });
}

function halfDone(name: string): { still: string; remedy: string } {
  return {
    still: 'The app is half deleted and serves no more; its volumes and databases are kept.',
    remedy: `Nothing: it is tried again every ${againMs / 60_000} minutes; \`minicloud apps:delete ${name}\` does so at once.`,
  };
}
