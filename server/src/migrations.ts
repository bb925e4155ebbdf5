/** The database's history. A migration that was released is never edited; the next one follows it. */
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

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

export const migrations: Record<string, Migration> = {
  '0001-first': first,
  '0002-bounded-events': boundedEvents,
  '0003-access-codes': accessCodes,
  '0004-live': live,
};
