import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** As long as deleted data is kept. A copy: what a migration does never changes. */
const keptMs = 7 * 86_400_000;

/**
 * Volumes that were put in the trash before there was a list of deleted apps get their place in it, so that they can be
 * brought back and are removed in the end. What is older than its seven days is kept for seven more: nobody could ask
 * for it until now. Whose they were stands in the deletion that was at its last step at that moment; where that is not
 * one alone, the name is not known.
 */
export const oldTrash: Migration = {
  async up(db) {
    await sql`ALTER TABLE deleted_apps ADD COLUMN removing_at INTEGER`.execute(db);
    type Lost = { id: string; created_at: number; trashed_at: number };
    const { rows: lost } = await sql<Lost>`SELECT app_id AS id, min(created_at) AS created_at,
        max(trashed_at) AS trashed_at FROM volumes
      WHERE trashed_at IS NOT NULL AND app_id NOT IN (SELECT id FROM apps)
        AND app_id NOT IN (SELECT id FROM deleted_apps)
      GROUP BY app_id`.execute(db);
    const now = Date.now();
    for (const { id, created_at, trashed_at } of lost) {
      const { rows: deletions } = await sql<{ app: string; by: string }>`SELECT app, operations.by AS by
        FROM operations, json_each(steps_json) AS step
        WHERE kind = 'delete' AND step.value ->> 'id' = 'forget' AND step.value ->> 'startedAt' <= ${trashed_at}
          AND (step.value ->> 'startedAt') + coalesce(step.value ->> 'ms', 0) + 1 >= ${trashed_at}`.execute(db);
      const [deletion] = deletions;
      const known = deletions.length === 1 ? deletion : undefined;
      const name = known?.app ?? '(unknown)';
      const by = known?.by ?? 'system';
      const deleted_at = trashed_at + keptMs > now ? trashed_at : now;
      await sql`INSERT INTO deleted_apps (id, name, environment, created_at, deleted_at, by, bindings_json)
        VALUES (${id}, ${name}, 'production', ${created_at}, ${deleted_at}, ${by}, '[]')`.execute(db);
    }
  },
};
