/**
 * The key that secrets are sealed with, changed: both keys are in the file until nothing is left that the old one sealed.
 * A kill at any step leaves every value to be opened, and the next start goes on.
 */
import { ProblemError } from 'minicloud-shared/model/problem';
import { homePaths } from '../config.ts';
import type { Cloud } from '../context.ts';
import { crashpoint } from '../platform/crashpoint.ts';
import { createQueue, type Queue } from '../platform/queue.ts';
import { makeKey, storeKeys } from '../platform/sealer.ts';
import { sealAnew, sealedColumns } from './store.ts';

const turns = new WeakMap<Cloud, Queue>();

/** Seals every value with a new key and forgets the old one. Gives the number of values. */
export async function rotateKeys(cloud: Cloud): Promise<{ values: number }> {
  return inTurn(cloud, async () => {
    const values = await carriedOut(rotation(cloud));
    cloud.log.info('the key of this installation was changed', { values });
    return { values };
  });
}

/** Goes on with a change of the key that a companion was stopped in. */
export async function finishRotation(cloud: Cloud): Promise<void> {
  await inTurn(cloud, async () => {
    if (cloud.sealer.keys().length > 1) await carriedOut(resealing(cloud));
  });
}

/** The steps of a change of the key, by name; tests stop after any of them. */
export async function* rotation(cloud: Cloud): AsyncGenerator<string, number> {
  const keys = [makeKey(), ...cloud.sealer.keys()];
  // On disk before anything is sealed with it.
  await storeKeys(keyFile(cloud), keys);
  yield 'both-keys';
  cloud.sealer.use(keys);
  yield 'new-key';
  return yield* resealing(cloud);
}

async function* resealing(cloud: Cloud): AsyncGenerator<string, number> {
  for (;;) {
    let [values, anew] = [0, 0];
    const closed: string[] = [];
    for (const column of sealedColumns) {
      const found = await sealAnew(cloud.db, cloud.sealer, column);
      values += found.values;
      anew += found.anew;
      closed.push(...found.closed);
      yield `sealed ${column.table}`;
    }
    if (closed.length > 0) throw unopened(closed);
    // Somebody may have sealed with the old key just before, and written it since: until a look finds none.
    if (anew > 0) continue;
    const keys = cloud.sealer.keys().slice(0, 1);
    await storeKeys(keyFile(cloud), keys);
    yield 'one-key';
    cloud.sealer.use(keys);
    return values;
  }
}

async function carriedOut(steps: AsyncGenerator<string, number>): Promise<number> {
  for (;;) {
    const { value, done } = await steps.next();
    if (done) return value;
    crashpoint(`keys.${value}:after`);
  }
}

function inTurn<T>(cloud: Cloud, work: () => Promise<T>): Promise<T> {
  const queue = turns.get(cloud) ?? createQueue();
  turns.set(cloud, queue);
  return queue.add('keys', work);
}

function keyFile({ config }: Cloud): string {
  return homePaths(config.home).key;
}

function unopened(closed: readonly string[]): ProblemError {
  return new ProblemError({
    code: 'internal',
    what: 'The old key was kept',
    object: 'key of this installation',
    why: `Nothing opens what is stored at ${closed.slice(0, 5).join(', ')}${closed.length > 5 ? ` and ${closed.length - 5} more` : ''}: it was changed, or sealed with a key that is gone.`,
    still: 'Everything else is sealed with the new key, and all that could be opened before still can.',
    remedy: 'Set those values again (a deploy does for databases and certificates), then change the key again.',
  });
}
