/**
 * SQLite by better-sqlite3 under Kysely. The one file that opens a database.
 *
 * `synchronous=FULL`: better-sqlite3's default for WAL (NORMAL) lost acknowledged writes in simulated power cuts.
 * One companion per home: a transaction held on a separate `lock.db` refuses the second one at once and leaves no
 * stale lock behind, whatever ends the first.
 */
import Database from 'better-sqlite3';
import { Kysely, type SqliteDatabase, SqliteDialect, type Transaction } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { ProblemError, type ProblemInit } from 'minicloud-shared/model/problem';

/**
 * Opens, checks and migrates. Throws `conflict` when the file was written by a newer version, `internal` when it is
 * damaged; whatever is wrong, the file is left as it is.
 */
export async function openDatabase<Tables>(
  path: string,
  migrations: Record<string, Migration>,
): Promise<Kysely<Tables>> {
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: preparedOnce(openFile(path)) }) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw unusable(path, error, {
      code: 'conflict',
      what: 'The database could not be brought to this version',
      still: 'Nothing in it was changed.',
      remedy: 'If a newer Minicloud wrote it, start that version; else restore the database from a backup.',
    });
  }
  return db;
}

function openFile(path: string): Database.Database {
  let file: Database.Database | undefined;
  try {
    file = new Database(path);
    file.pragma('journal_mode = WAL');
    file.pragma('synchronous = FULL');
    file.pragma('foreign_keys = ON');
    file.pragma('busy_timeout = 5000');
    file.pragma('cache_size = -4000');
    const found = file.pragma('quick_check(1)', { simple: true });
    if (found === 'ok') return file;
    throw new Error(String(found));
  } catch (cause) {
    file?.close();
    throw unusable(path, cause, {
      what: 'The database is damaged or can not be opened',
      still: 'Apps keep serving. Nothing in the file was changed or deleted.',
      remedy: 'Keep a copy of the home folder, then restore the database from a backup and start again.',
    });
  }
}

/** Statements that are kept; lists in them make many of one. */
const mostPrepared = 100;

/** Prepares each text once: Kysely would do it for every query, which was a quarter of a converge of 1,000 apps. */
function preparedOnce(file: Database.Database): SqliteDatabase {
  const known = new Map<string, Database.Statement<unknown[]>>();
  return {
    close: () => file.close(),
    prepare(sql) {
      const statement = known.get(sql) ?? file.prepare<unknown[]>(sql);
      // The least recently used one is the first.
      known.delete(sql);
      known.set(sql, statement);
      if (known.size > mostPrepared) known.delete(known.keys().next().value ?? sql);
      return statement;
    },
  };
}

/**
 * Runs `work` in a transaction and throws what went wrong in it. On a full disk SQLite takes a transaction back by
 * itself, and the rollback that follows would hide the cause behind "no transaction is active".
 */
export async function inTransaction<Tables, T>(
  db: Kysely<Tables>,
  work: (trx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  let cause: { error: unknown } | undefined;
  try {
    return await db.transaction().execute(async (trx) => {
      try {
        return await work(trx);
      } catch (error) {
        cause = { error };
        throw error;
      }
    });
  } catch (error) {
    if (cause) throw cause.error;
    // The commit itself was taken back.
    if (error instanceof Error && error.message.includes('no transaction is active')) throw noRoom(error);
    throw error;
  }
}

function noRoom(cause: Error): ProblemError {
  return new ProblemError(
    {
      code: 'disk_full',
      what: 'A change could not be written',
      object: "Minicloud's database",
      why: 'SQLite took it back by itself, which it does when the disk is full or can not be written.',
      still: 'Nothing was changed; what serves goes on serving.',
      remedy: 'Make room on the disk (`df -h`), then try again.',
    },
    { cause },
  );
}

export interface InstanceLock {
  release(): void;
}

/** Throws `busy` when another companion holds this home. */
export function lockInstance(path: string): InstanceLock {
  let file: Database.Database | undefined;
  try {
    const opened = new Database(path, { timeout: 0 });
    file = opened;
    opened.exec('BEGIN EXCLUSIVE');
    return { release: () => opened.close() };
  } catch (cause) {
    file?.close();
    const taken = cause instanceof Error && 'code' in cause && String(cause.code).startsWith('SQLITE_BUSY');
    if (taken) throw new ProblemError(alreadyRuns(path), { cause });
    throw unusable(path, cause, {
      what: 'The lock of the home folder can not be taken',
      still: 'Apps keep serving. Nothing was changed.',
      remedy: 'Make the folder writable; the lock file holds no data and may be removed while no companion runs.',
    });
  }
}

function alreadyRuns(path: string): ProblemInit {
  return {
    code: 'busy',
    what: 'Another companion already runs on this home',
    object: path,
    why: 'Two companions on one home would undo each other.',
    still: 'The one that runs goes on.',
    remedy: 'Use it, stop it first, or give this one another folder with --home.',
  };
}

/** A file that can't be used, in the words of whatever failed. */
function unusable(
  path: string,
  cause: unknown,
  told: Pick<ProblemInit, 'what' | 'still' | 'remedy'> & Partial<Pick<ProblemInit, 'code'>>,
): ProblemError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ProblemError({ code: 'internal', object: path, why, ...told }, { cause });
}

/** True for SQLite's unique and foreign key violations, by the column or constraint named in the message. */
export function violates(error: unknown, constraint: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('SQLITE_CONSTRAINT') &&
    error.message.includes(constraint)
  );
}
