/**
 * Everything that is sealed, in the one list of it: the only queries on several nouns' tables, of their sealed columns
 * and what a value's place is made of. `keys.test.ts` holds it against the schema.
 */
import { sql } from 'kysely';
import { certificatePlace } from '../certificates/certificates.ts';
import { configPlace } from '../configs/configs.ts';
import { inTransaction } from '../platform/db.ts';
import type { Sealer } from '../platform/sealer.ts';
import type { Db } from '../schema.ts';
import { bindingPlace } from '../services/services.ts';
import { secretSettings, settingPlace } from '../settings/settings.ts';

type Words = Record<string, string>;

export interface SealedColumn {
  table: string;
  column: string;
  /** Columns that the place of a value is made of. */
  by: readonly string[];
  place(row: Words): string;
  /** Where not every row's value is sealed: the first column of `by` is one of these. */
  only?: readonly string[];
}

export const sealedColumns: readonly SealedColumn[] = [
  {
    ...{ table: 'settings', column: 'value', by: ['name'], only: secretSettings },
    place: ({ name = '' }) => settingPlace(name),
  },
  { table: 'certificates', column: 'key_sealed', by: ['host'], place: ({ host = '' }) => certificatePlace(host) },
  {
    ...{ table: 'bindings', column: 'password_sealed', by: ['app_id', 'service', 'env'] },
    place: ({ app_id = '', service = '', env = '' }) => bindingPlace(app_id, service, env),
  },
  {
    ...{ table: 'configs', column: 'values_sealed', by: ['app_id', 'version'] },
    place: ({ app_id = '', version }) => configPlace(app_id, Number(version)),
  },
];

const rowsAtOnce = 20;

export interface Sealed {
  /** How many values there are. */
  values: number;
  /** How many of them were not sealed with the key that seals now, and are. */
  anew: number;
  /** Places of those that no key opens: they are left as they are. */
  closed: string[];
}

/** Seals anew what another key than the first sealed, some rows at a time: others wait for no more than those. */
export async function sealAnew(
  db: Db,
  sealer: Sealer,
  { table, column, by, place, only }: SealedColumn,
): Promise<Sealed> {
  const found: Sealed = { values: 0, anew: 0, closed: [] };
  const names = sql.join(by.map((name) => sql`${sql.ref(name)} AS ${sql.ref(name)}`));
  for (let after = 0, more = true; more; ) {
    more = await inTransaction(db, async (trx) => {
      const { rows } = await sql<Words & { at: number; sealed: string }>`
        SELECT rowid AS at, ${sql.ref(column)} AS sealed, ${names} FROM ${sql.table(table)}
        WHERE rowid > ${after} ORDER BY rowid LIMIT ${rowsAtOnce}`.execute(trx);
      for (const row of rows) {
        after = row.at;
        if (only && !only.includes(row[by[0] ?? ''] ?? '')) continue;
        found.values += 1;
        const where = place(row);
        if (sealer.isCurrent(row.sealed, where)) continue;
        let plain: string;
        try {
          plain = sealer.open(row.sealed, where);
        } catch {
          found.closed.push(where);
          continue;
        }
        await sql`UPDATE ${sql.table(table)} SET ${sql.ref(column)} = ${sealer.seal(plain, where)}
          WHERE rowid = ${row.at} AND ${sql.ref(column)} = ${row.sealed}`.execute(trx);
        found.anew += 1;
      }
      return rows.length === rowsAtOnce;
    });
  }
  return found;
}
