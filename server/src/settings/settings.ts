/** Values that an installation makes once and keeps: its id, its own passwords. The only queries on `settings`. */
import type { Sealer } from '../platform/sealer.ts';
import type { Db } from '../schema.ts';

/** The stored value, made and stored the first time. */
export async function setting(db: Db, name: string, make: () => string): Promise<string> {
  await db
    .insertInto('settings')
    .values({ name, value: make() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirstOrThrow();
  return row.value;
}

export async function storedSetting(db: Db, name: string): Promise<string | undefined> {
  return (await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst())?.value;
}

/** Takes the place of what was stored. */
export async function keepSetting(db: Db, name: string, value: string): Promise<void> {
  await db
    .insertInto('settings')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/** Settings whose values are sealed. */
export const secretSettings = ['mariadb-root-password'] as const;

export function settingPlace(name: string): string {
  return `settings|${name}|value`;
}

/** `setting` for a secret, sealed at rest. */
export async function secretSetting(
  db: Db,
  sealer: Sealer,
  name: (typeof secretSettings)[number],
  make: () => string,
): Promise<string> {
  const place = settingPlace(name);
  return sealer.open(await setting(db, name, () => sealer.seal(make(), place)), place);
}
