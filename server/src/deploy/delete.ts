/** Deleting an app: explicit, named, and without its data, which stays in the trash. */
import { ProblemError } from 'minicloud-shared/model/problem';
import { type AppRow, markDeleting, networkName, requireApp } from '../apps/apps.ts';
import type { Cloud, Principal } from '../context.ts';
import { inTransaction } from '../platform/db.ts';
import { applyAppRoutes } from '../routes/routes.ts';
import { revokeBindings } from '../services/services.ts';
import { moveToTrash } from '../trash/trash.ts';
import { sameOperation } from './enqueue.ts';
import { removeContainers } from './execute.ts';
import { observe } from './observe.ts';

/** Throws `invalid_input` unless the name was repeated to confirm. With a key that was used it is what that started. */
export async function deleteApp(
  cloud: Cloud,
  by: Principal,
  input: { name: string; confirm: string; idempotencyKey?: string | undefined },
): Promise<{ operationId: string }> {
  // Asked again after its answer got lost, the app may be gone already.
  const repeated = await sameOperation(cloud, input.name, input.idempotencyKey);
  if (repeated) return { operationId: repeated.operationId };
  const app = await requireApp(cloud, input.name);
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
  return startDelete(cloud, app, by.name, input.idempotencyKey);
}

/** Queues the deletion; containers, routes, network and name go, volumes and databases stay. */
export async function startDelete(
  cloud: Cloud,
  app: AppRow,
  by: string,
  idempotencyKey?: string,
): Promise<{ operationId: string }> {
  const operation = await cloud.operations.start({
    kind: 'delete',
    app: app.name,
    by,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    run: async (run) => {
      await run.step({ id: 'routes', title: 'Take its routes away' }, async () => {
        await markDeleting(cloud, app);
        await applyAppRoutes(cloud, app.id, run.signal);
      });
      await run.step({ id: 'stop', title: 'Stop its containers' }, async () => {
        const observed = await observe(cloud, app, run.signal);
        await removeContainers(cloud, app, observed.containers, true);
      });
      await run.step({ id: 'bindings', title: 'Take its database users away; the databases stay' }, async () => {
        await revokeBindings(cloud, app, run.signal);
      });
      await run.step({ id: 'network', title: 'Remove its network' }, async () => {
        for (const backing of Object.values(cloud.backings)) {
          await cloud.engine.disconnectNetwork(networkName(app), backing.container, { signal: run.signal });
        }
        await cloud.engine.removeNetwork(networkName(app), { signal: run.signal });
      });
      await run.step({ id: 'forget', title: 'Give its names back; its data goes to the trash' }, async () => {
        await inTransaction(cloud.db, (db) => moveToTrash({ db, clock: cloud.clock }, app, by));
        await cloud.events.append({ by, app: app.name, body: { kind: 'app.deleted', name: app.name } });
      });
    },
  });
  return { operationId: operation.id };
}
