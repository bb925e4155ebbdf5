/** The database's history. A migration that was released is never edited; the next one follows it. */
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { oldTrash } from './migrations/old-trash.ts';

const first: Migration = {
  async up(db) {
    const statements = [
      sql`CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`,
      sql`CREATE TABLE tokens (
        id TEXT PRIMARY KEY, name TEXT NOT NULL,
        scope TEXT NOT NULL CHECK (scope IN ('read', 'deploy', 'manage', 'admin')),
        apps_json TEXT, hash TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL,
        expires_at INTEGER, last_used_at INTEGER, revoked_at INTEGER) STRICT`,
      sql`CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, by TEXT NOT NULL, app TEXT,
        body_json TEXT NOT NULL, hash TEXT NOT NULL) STRICT`,
      sql`CREATE TRIGGER events_append_only BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END`,
      sql`CREATE TABLE apps (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 2 AND 40 AND name NOT GLOB '*[^a-z0-9-]*'
          AND name GLOB '[a-z]*' AND name NOT GLOB '*-'),
        kind TEXT NOT NULL CHECK (kind IN ('container', 'forward')),
        environment TEXT NOT NULL CHECK (environment IN ('production', 'staging')),
        subnet INTEGER NOT NULL UNIQUE CHECK (subnet > 0),
        serving INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleting_at INTEGER,
        FOREIGN KEY (id, serving) REFERENCES releases (app_id, version) DEFERRABLE INITIALLY DEFERRED) STRICT`,
      sql`CREATE TABLE releases (
        app_id TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
        version INTEGER NOT NULL CHECK (version > 0),
        state TEXT NOT NULL CHECK (state IN ('pending', 'deploying', 'current', 'superseded', 'failed', 'rolled_back')),
        manifest_text TEXT NOT NULL, manifest_json TEXT NOT NULL, image TEXT NOT NULL, image_id TEXT NOT NULL,
        digest TEXT NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL, created_at INTEGER NOT NULL, finished_at INTEGER,
        receipt_json TEXT, problem_json TEXT, PRIMARY KEY (app_id, version)) STRICT`,
      sql`CREATE UNIQUE INDEX releases_one_current ON releases (app_id) WHERE state = 'current'`,
      sql`CREATE TABLE operations (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, app TEXT NOT NULL, release INTEGER,
        state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
        by TEXT NOT NULL, steps_json TEXT NOT NULL, problem_json TEXT, idempotency_key TEXT,
        created_at INTEGER NOT NULL, started_at INTEGER, finished_at INTEGER) STRICT`,
      sql`CREATE UNIQUE INDEX operations_idempotent ON operations (app, idempotency_key) WHERE idempotency_key IS NOT NULL`,
      sql`CREATE INDEX operations_open ON operations (state) WHERE state IN ('queued', 'running')`,
      sql`CREATE INDEX operations_by_app ON operations (app, created_at)`,
      sql`CREATE TABLE domains (
        name TEXT PRIMARY KEY CHECK (name = lower(name) AND length(name) BETWEEN 1 AND 253),
        app_id TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE, created_at INTEGER NOT NULL) STRICT`,
      sql`CREATE INDEX domains_by_app ON domains (app_id)`,
      sql`CREATE TABLE certificates (
        host TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('local')), certificate_pem TEXT NOT NULL,
        key_sealed TEXT NOT NULL, not_before INTEGER NOT NULL, not_after INTEGER NOT NULL) STRICT`,
      sql`CREATE TABLE bindings (
        app_id TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE, service TEXT NOT NULL, env TEXT NOT NULL,
        name TEXT NOT NULL, password_sealed TEXT NOT NULL, created_at INTEGER NOT NULL,
        PRIMARY KEY (app_id, service, env), UNIQUE (service, name)) STRICT`,
      sql`CREATE TABLE volumes (
        name TEXT PRIMARY KEY, app_id TEXT NOT NULL, path TEXT NOT NULL, created_at INTEGER NOT NULL,
        trashed_at INTEGER, UNIQUE (app_id, path)) STRICT`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
};

const boundedEvents: Migration = {
  async up(db) {
    const statements = [
      sql`CREATE TABLE events_anchor (one INTEGER PRIMARY KEY CHECK (one = 1), id INTEGER NOT NULL, hash TEXT NOT NULL) STRICT`,
      sql`CREATE TRIGGER events_kept BEFORE DELETE ON events
        WHEN OLD.id > coalesce((SELECT id FROM events_anchor), 0) BEGIN SELECT RAISE(ABORT, 'events are append-only'); END`,
      sql`CREATE TABLE request_keys (
        token TEXT NOT NULL, key TEXT NOT NULL, hash TEXT NOT NULL, created_at INTEGER NOT NULL,
        PRIMARY KEY (token, key)) STRICT`,
      sql`CREATE INDEX request_keys_by_age ON request_keys (created_at)`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
};

const accessCodes: Migration = {
  async up(db) {
    const statements = [
      sql`ALTER TABLE tokens ADD COLUMN parent TEXT REFERENCES tokens (id)`,
      sql`CREATE INDEX tokens_by_parent ON tokens (parent) WHERE parent IS NOT NULL`,
      sql`CREATE TABLE access_codes (
        hash TEXT PRIMARY KEY, maker TEXT NOT NULL REFERENCES tokens (id), token_json TEXT NOT NULL,
        created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
};

const live: Migration = {
  async up(db) {
    const statements = [
      sql`CREATE TABLE terminals (
        id TEXT PRIMARY KEY, app_id TEXT NOT NULL, container TEXT NOT NULL, exec TEXT NOT NULL,
        opened_at INTEGER NOT NULL) STRICT`,
      sql`CREATE TABLE proposals (
        id TEXT PRIMARY KEY, app TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('open', 'applied', 'discarded')),
        by TEXT NOT NULL, reason TEXT NOT NULL, manifest TEXT NOT NULL, file_name TEXT, image TEXT,
        plan_json TEXT NOT NULL, plan_hash TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT`,
      sql`CREATE INDEX proposals_by_app ON proposals (app, created_at)`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
};

/**
 * Volumes by whose they are: two containers may each have one at the same path. Whose an earlier one is stands in its
 * name, and more exactly in the releases; its name stays, as its data does.
 */
const volumeOwners: Migration = {
  async up(db) {
    const statements = [
      sql`ALTER TABLE volumes RENAME TO volumes_by_path`,
      sql`CREATE TABLE volumes (
        name TEXT PRIMARY KEY, app_id TEXT NOT NULL, owner TEXT NOT NULL, path TEXT NOT NULL,
        created_at INTEGER NOT NULL, trashed_at INTEGER, UNIQUE (app_id, owner, path)) STRICT`,
    ];
    for (const statement of statements) await statement.execute(db);
    type Row = { name: string; app_id: string; path: string; created_at: number; trashed_at: number | null };
    const { rows } = await sql<Row>`SELECT name, app_id, path, created_at, trashed_at FROM volumes_by_path`.execute(db);
    for (const { name, app_id, path, created_at, trashed_at } of rows) {
      const words = name.replace(`minicloud_volume_${app_id}_`, '');
      const ofPath = earlierWords(path);
      let owner = '';
      if (words !== (ofPath || 'root')) {
        const { rows: supports } = await sql<{ name: string }>`SELECT DISTINCT support.value ->> 'name' AS name
          FROM releases, json_each(manifest_json, '$.manifest.support') AS support,
            json_each(support.value, '$.volumes') AS volume
          WHERE app_id = ${app_id} AND volume.value ->> 'path' = ${path}`.execute(db);
        const exact = supports.find((support) => earlierWords(`${support.name}/${path}`) === words);
        owner = exact?.name ?? (words.endsWith(`-${ofPath}`) ? words.slice(0, -ofPath.length - 1) : words);
      }
      await sql`INSERT INTO volumes (name, app_id, owner, path, created_at, trashed_at)
        VALUES (${name}, ${app_id}, ${owner}, ${path}, ${created_at}, ${trashed_at})`.execute(db);
    }
    await sql`DROP TABLE volumes_by_path`.execute(db);
  },
};

/** How a volume's name was made of its place before 0005. */
function earlierWords(place: string): string {
  return place.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '');
}

const trash: Migration = {
  async up(db) {
    await sql`CREATE TABLE deleted_apps (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, environment TEXT NOT NULL, created_at INTEGER NOT NULL,
      deleted_at INTEGER NOT NULL, by TEXT NOT NULL, bindings_json TEXT NOT NULL) STRICT`.execute(db);
  },
};

/**
 * Operations by the app that they are of, as another may have its name later, and their keys by whose they are. Of an
 * earlier one the app is the one that has had its name ever since, and the token the only one of that person's that the
 * key came with; where that can't be told, nothing matches it.
 */
const operationOwners: Migration = {
  async up(db) {
    const statements = [
      sql`ALTER TABLE operations ADD COLUMN app_id TEXT`,
      sql`ALTER TABLE operations ADD COLUMN token TEXT`,
      sql`UPDATE operations SET app_id = (SELECT id FROM apps
        WHERE apps.name = operations.app AND apps.created_at <= operations.created_at
          AND NOT EXISTS (SELECT 1 FROM deleted_apps AS deleted
            WHERE deleted.name = operations.app AND deleted.deleted_at >= operations.created_at))`,
      sql`UPDATE operations SET token = (SELECT min(keys.token) FROM request_keys AS keys
        JOIN tokens ON tokens.id = keys.token AND tokens.name = operations.by
        WHERE keys.key = operations.idempotency_key AND keys.created_at <= operations.created_at HAVING count(*) = 1)
        WHERE idempotency_key IS NOT NULL`,
      sql`DROP INDEX operations_idempotent`,
      sql`CREATE UNIQUE INDEX operations_idempotent ON operations (app_id, token, kind, idempotency_key)
        WHERE idempotency_key IS NOT NULL`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
};

/** Which bindings the server may know: those from before are taken for granted, as that was not written down. */
const grantedBindings: Migration = {
  async up(db) {
    await sql`ALTER TABLE bindings ADD COLUMN granted_at INTEGER`.execute(db);
    await sql`UPDATE bindings SET granted_at = created_at`.execute(db);
  },
};

/** Config vars and secrets. A row never changes, but for being sealed anew with another key. */
const configs: Migration = {
  async up(db) {
    const statements = [
      sql`CREATE TABLE configs (
        app_id TEXT NOT NULL, version INTEGER NOT NULL CHECK (version > 0), names_json TEXT NOT NULL,
        values_sealed TEXT NOT NULL, created_at INTEGER NOT NULL, by TEXT NOT NULL, instead_of INTEGER,
        PRIMARY KEY (app_id, version)) STRICT`,
      sql`CREATE TRIGGER configs_append_only BEFORE UPDATE OF app_id, version, names_json, created_at, by, instead_of
        ON configs
        BEGIN SELECT RAISE(ABORT, 'configs are append-only'); END`,
      sql`ALTER TABLE releases ADD COLUMN config_version INTEGER NOT NULL DEFAULT 0`,
      sql`ALTER TABLE request_keys ADD COLUMN answer_json TEXT`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
};

export const migrations: Record<string, Migration> = {
  '0001-first': first,
  '0002-bounded-events': boundedEvents,
  '0003-access-codes': accessCodes,
  '0004-live': live,
  '0005-volume-owners': volumeOwners,
  '0006-trash': trash,
  '0007-operation-owners': operationOwners,
  '0008-granted-bindings': grantedBindings,
  '0009-old-trash': oldTrash,
  '0010-configs': configs,
};
