/** The only queries on `certificates`. */
import type { Db, Tables } from '../schema.ts';

export async function findCertificate(db: Db, host: string): Promise<Tables['certificates'] | undefined> {
  return db.selectFrom('certificates').selectAll().where('host', '=', host).executeTakeFirst();
}

export async function allCertificates(db: Db): Promise<Tables['certificates'][]> {
  return db.selectFrom('certificates').selectAll().orderBy('host').execute();
}

/** Certificate and key are one row: they can't part. */
export async function saveCertificate(db: Db, row: Tables['certificates']): Promise<void> {
  await db
    .insertInto('certificates')
    .values(row)
    .onConflict((conflict) => conflict.column('host').doUpdateSet({ ...row }))
    .execute();
}
