/** Operations on a database of their own. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrations } from '../../server/src/migrations.ts';
import { openDatabase } from '../../server/src/platform/db.ts';
import { createEvents } from '../../server/src/platform/events.ts';
import { createLog, createRedactor } from '../../server/src/platform/log.ts';
import { createOperations } from '../../server/src/platform/operations.ts';
import type { Db, Tables } from '../../server/src/schema.ts';

export async function operationParts() {
  const path = join(await mkdtemp(join(tmpdir(), 'minicloud-db-')), 'minicloud.db');
  const db: Db = await openDatabase<Tables>(path, migrations);
  const clock = { now: () => Date.now() };
  const events = await createEvents(db, clock);
  const log = createLog(createRedactor(), () => {}, clock.now);
  return { path, db, events, operations: createOperations({ db, events, clock, log }) };
}
