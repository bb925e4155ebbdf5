/** Every table of the companion's database. Times are milliseconds since the epoch; JSON columns say so in their name. */
import type { Generated, Kysely } from 'kysely';

export interface Tables {
  settings: { name: string; value: string };
  tokens: {
    id: string;
    name: string;
    scope: string;
    /** JSON list of app names; null means all. */
    apps_json: string | null;
    hash: string;
    created_at: number;
    expires_at: number | null;
    last_used_at: number | null;
    revoked_at: number | null;
    /** Token that this one ends with; null for one that stands on its own. */
    parent: string | null;
  };
  /** Open one-time codes by their hash; a code that is redeemed is taken out. */
  access_codes: { hash: string; maker: string; token_json: string; created_at: number; expires_at: number };
  events: { id: Generated<number>; at: number; by: string; app: string | null; body_json: string; hash: string };
  /** One row: the newest event that is no longer kept, from which the chain goes on. */
  events_anchor: { one: 1; id: number; hash: string };
  /** Idempotency keys of the API by token, with the hash of what was asked for. */
  request_keys: {
    token: string;
    key: string;
    hash: string;
    created_at: number;
    /** Of work that was asked to be remembered. */
    answer_json: string | null;
  };
  operations: {
    id: string;
    kind: string;
    app: string;
    /** Which app of that name; null for those of apps that were gone before this was written down. */
    app_id: string | null;
    release: number | null;
    state: string;
    by: string;
    steps_json: string;
    problem_json: string | null;
    idempotency_key: string | null;
    /** Id of the token that the key came with. */
    token: string | null;
    created_at: number;
    started_at: number | null;
    finished_at: number | null;
  };
  apps: {
    id: string;
    name: string;
    kind: string;
    environment: string;
    /** Which /26 of the pool is its own. */
    subnet: number;
    /** Version whose replicas the routes point at; the commit point of a deploy. */
    serving: number | null;
    created_at: number;
    updated_at: number;
    deleting_at: number | null;
  };
  /** Apps that were deleted and whose data is kept: what is needed to bring them back. */
  deleted_apps: {
    id: string;
    name: string;
    environment: string;
    created_at: number;
    deleted_at: number;
    by: string;
    /** Their databases by service, variable and name; passwords are made anew. */
    bindings_json: string;
    /** Since when its data is being removed, from when on it can not be brought back; null while it is kept. */
    removing_at: number | null;
  };
  releases: {
    app_id: string;
    version: number;
    state: string;
    manifest_text: string;
    /** `Resolved` in `releases/store.ts`: the manifest with every default and the images of support containers. */
    manifest_json: string;
    image: string;
    image_id: string;
    digest: string;
    reason: string;
    by: string;
    created_at: number;
    finished_at: number | null;
    receipt_json: string | null;
    problem_json: string | null;
    /** Version of `configs` that it has in its environment; 0 for none. */
    config_version: number;
  };
  /**
   * Config vars and secrets by app: a row for each change, with all there is then. They outlast the app's own row, as its
   * volumes do.
   */
  configs: {
    app_id: string;
    version: number;
    /** `ConfigName[]` in `configs/store.ts`: what people see. */
    names_json: string;
    /** Values by name, as one JSON object. */
    values_sealed: string;
    created_at: number;
    by: string;
    /** Of a version that a rollback brought back: the one that was the newest before it. Null for what people set. */
    instead_of: number | null;
  };
  domains: { name: string; app_id: string; created_at: number };
  certificates: {
    host: string;
    kind: string;
    certificate_pem: string;
    key_sealed: string;
    not_before: number;
    not_after: number;
  };
  bindings: {
    app_id: string;
    service: string;
    env: string;
    /** Database and user on the shared server. */
    name: string;
    password_sealed: string;
    created_at: number;
    /** When the server was first asked for database and user; null: it knows nothing of them. */
    granted_at: number | null;
  };
  /** Programs that somebody is at. A row that a start of the companion finds is one that nobody is at any more. */
  terminals: { id: string; app_id: string; container: string; exec: string; opened_at: number };
  proposals: {
    id: string;
    /** Name: the app need not be there yet. */
    app: string;
    state: string;
    by: string;
    reason: string;
    manifest: string;
    file_name: string | null;
    image: string | null;
    plan_json: string;
    plan_hash: string;
    created_at: number;
    expires_at: number;
  };
  volumes: {
    name: string;
    app_id: string;
    /** Support container that has it mounted; empty for what the processes of the app share. */
    owner: string;
    path: string;
    created_at: number;
    trashed_at: number | null;
  };
}

export type Db = Kysely<Tables>;
