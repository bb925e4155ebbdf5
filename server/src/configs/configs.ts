/**
 * Config vars and secrets: an app's values by name, sealed at rest. Every change makes a new version with all of them;
 * a release has one of the versions, for good. Whatever opens them takes care that nothing writes them.
 */
import { isSecret } from 'minicloud-shared/import/secrets';
import type { ContainerManifest } from 'minicloud-shared/manifest/model';
import type { ConfigKind, ConfigList, ConfigPreview } from 'minicloud-shared/model/config';
import { ProblemError, toProblem } from 'minicloud-shared/model/problem';
import { type AppRow, beingDeleted, requireApp } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import type { Redactor } from '../platform/log.ts';
import { findRelease, type ReleaseRow, resolvedOf, servingReleases } from '../releases/releases.ts';
import type { Db } from '../schema.ts';
import { type ConfigEdit, checkEdit, checkKind, checkTotal } from './check.ts';
import { lastingVersion } from './restored.ts';
import {
  type ConfigName,
  type ConfigRow,
  everyNewestNames,
  findConfig,
  insertConfig,
  keepVersion,
  namesOf,
  newestConfig,
} from './store.ts';

export type { ConfigEdit, ToSet } from './check.ts';
export { failedBelow, restoreConfig, takeBackConfig } from './restored.ts';
export { deleteConfigs } from './store.ts';

/** The values are secret: never log one. */
export interface ConfigValue extends Omit<ConfigName, 'name'> {
  value: string;
}

export interface Config {
  /** 0 when nothing was ever set. */
  version: number;
  values: ReadonlyMap<string, ConfigValue>;
}

/** Of an app that never had one. */
export const noConfig: Config = { version: 0, values: new Map() };

/** What is stored now. */
export async function currentConfig(cloud: Cloud, app: Pick<AppRow, 'id' | 'name'>): Promise<Config> {
  const row = await newestConfig(cloud.db, app.id);
  return row ? opened(cloud, app.name, row) : noConfig;
}

/** What a release has. Throws `internal` when its version is gone. */
export async function configOf(
  cloud: Cloud,
  app: Pick<AppRow, 'id' | 'name'>,
  { config_version: version }: Pick<ReleaseRow, 'config_version'>,
): Promise<Config> {
  if (version === 0) return noConfig;
  const row = await findConfig(cloud.db, app.id, version);
  if (row) return opened(cloud, app.name, row);
  throw new ProblemError({
    code: 'internal',
    what: 'The config vars of a release are gone',
    object: `config version ${version} of ${app.name}`,
    why: 'No such version is in the database.',
    remedy: 'Set the values again and deploy.',
  });
}

/** Variables that every process has: config vars, and the secrets that the manifest lists. Secret. */
export function configEnv({ values }: Config, { secrets }: Pick<ContainerManifest, 'secrets'>): Record<string, string> {
  const used = [...values].filter(([name, { kind }]) => kind === 'config' || secrets.includes(name));
  return Object.fromEntries(used.map(([name, { value }]) => [name, value]));
}

/** The config with an edit made to it, not stored. Throws where that can't be. */
export function edited(app: string, before: Config, edit: ConfigEdit, made: Pick<ConfigName, 'at' | 'by'>): Config {
  checkEdit(app, edit);
  const values = new Map(before.values);
  for (const entry of edit.set) {
    const { name, kind, value } = entry;
    const known = before.values.get(name);
    checkKind(app, entry, known?.kind);
    if (known?.value !== value) values.set(name, { kind, value, ...made });
  }
  for (const name of edit.unset) values.delete(name);
  checkTotal(app, values);
  return { version: before.version + 1, values };
}

export interface ConfigDifference {
  name: string;
  kind: ConfigKind;
  change: 'new' | 'changed' | 'removed';
}

/** Names that are not the same in two, in their order. */
export function differences(before: Config, next: Config): ConfigDifference[] {
  const names = [...new Set([...before.values.keys(), ...next.values.keys()])].sort();
  return names.flatMap((name): ConfigDifference[] => {
    const [was, is] = [before.values.get(name), next.values.get(name)];
    if (!is) return was ? [{ name, kind: was.kind, change: 'removed' }] : [];
    if (was?.value === is.value && was.kind === is.kind) return [];
    return [{ name, kind: is.kind, change: was ? 'changed' : 'new' }];
  });
}

export interface Storing {
  by: string;
  /** The version that this one takes the place of until a rollback has come to its end. */
  insteadOf?: number;
  /** Written in the same transaction. */
  alongside?: (db: Db) => Promise<void>;
}

/**
 * Writes the next version down and tells so, by name. Throws `conflict` when the version before it is not the newest any
 * more.
 */
export async function storeConfig(
  cloud: Cloud,
  app: AppRow,
  { by, insteadOf, alongside }: Storing,
  before: Config,
  next: Config,
): Promise<void> {
  const found = differences(before, next);
  const names: ConfigName[] = [...next.values].map(([name, { kind, at, by: who }]) => ({ name, kind, at, by: who }));
  const plain = Object.fromEntries([...next.values].map(([name, { value }]) => [name, value]));
  const { version } = next;
  redactConfig(cloud, app.name, next.values);
  const row: ConfigRow = {
    app_id: app.id,
    version,
    names_json: JSON.stringify(names),
    values_sealed: cloud.sealer.seal(JSON.stringify(plain), configPlace(app.id, version)),
    created_at: cloud.clock.now(),
    by,
    instead_of: insteadOf ?? null,
  };
  await cloud.events.append({
    by,
    app: app.name,
    body: {
      kind: 'config.changed',
      version,
      set: found.filter(({ change }) => change !== 'removed').map(({ name }) => name),
      unset: found.filter(({ change }) => change === 'removed').map(({ name }) => name),
    },
    alongside: async (transaction) => {
      const done = await insertConfig(transaction, row);
      if (done === 'deleting') throw beingDeleted(app.name);
      if (done === 'taken') throw otherVersion(app, before.version, version);
      await alongside?.(transaction);
    },
  });
}

/** Names, never values. */
export async function configList(cloud: Cloud, name: string): Promise<ConfigList> {
  const app = await requireApp(cloud, name);
  const stored = await currentConfig(cloud, app);
  const release = app.serving === null ? undefined : await findRelease(cloud.db, app.id, app.serving);
  const env = release ? configEnv(await configOf(cloud, app, release), resolvedOf(release).manifest) : {};
  const entries = [...stored.values].map(([each, { kind, value, at, by }]) => ({
    ...{ name: each, kind, updatedAt: at, by },
    used: Object.hasOwn(env, each) && env[each] === value,
  }));
  return { version: stored.version, entries: entries.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** What an edit would do to each name that it has. */
export function preview(app: string, before: Config, edit: ConfigEdit): ConfigPreview {
  const next = edited(app, before, edit, { at: 0, by: '' });
  const changed = new Map(differences(before, next).map((each) => [each.name, each.change]));
  const kindOf = (name: string) => (next.values.get(name) ?? before.values.get(name))?.kind ?? 'config';
  const names = [...edit.set.map(({ name }) => name), ...edit.unset];
  return {
    version: before.version,
    names: names.map((name) => ({ name, kind: kindOf(name), change: changed.get(name) ?? 'same' })),
  };
}

/** What an app has, by name. */
export async function configNames(db: Db, app: Pick<AppRow, 'id'>): Promise<{ name: string; kind: ConfigKind }[]> {
  const row = await newestConfig(db, app.id);
  const names = row ? namesOf(row).map(({ name, kind }) => ({ name, kind })) : [];
  return names.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names of every app's config vars and secrets, for the rules of the manifest. */
export async function configFacts(db: Db): Promise<Record<'config' | 'secrets', Record<string, string[]>>> {
  const all = await everyNewestNames(db);
  const ofKind = (wanted: ConfigKind) =>
    Object.fromEntries(
      all.flatMap(({ app, names }) => {
        const found = names.filter(({ kind }) => kind === wanted).map(({ name }) => name);
        return found.length > 0 ? [[app, found]] : [];
      }),
    );
  return { config: ofKind('config'), secrets: ofKind('secret') };
}

/** Of an app that goes to the trash the values that it had last stay; nothing of it prints them any more. */
export async function trashConfig(
  { db, redactor }: Pick<Cloud, 'db' | 'redactor'>,
  app: Pick<AppRow, 'id' | 'name'>,
): Promise<void> {
  await keepVersion(db, app.id, await lastingVersion(db, app));
  redactor.forget(app.name);
  redacted.get(redactor)?.delete(app.name);
}

/** From the first moment on no value is written anywhere: what is stored, and what serves. */
export async function redactConfigs(cloud: Cloud, apps: readonly AppRow[]): Promise<void> {
  const serving = new Map((await servingReleases(cloud.db)).map((release) => [release.app_id, release]));
  for (const app of apps) {
    try {
      const release = serving.get(app.id);
      const stored = await currentConfig(cloud, app);
      if (release && release.config_version !== stored.version) await configOf(cloud, app, release);
    } catch (error) {
      // One app's damage leaves the values of the others no less secret.
      cloud.log.error('stored config could not be read', { app: app.name, why: toProblem(error).why });
    }
  }
}

/** Config that was looked at is not what is stored now. */
export function otherVersion(app: Pick<AppRow, 'name'>, expected: number, stored: number): ProblemError {
  return new ProblemError({
    code: 'conflict',
    what: 'The config is no longer what you saw',
    object: `app ${app.name}`,
    why: `Version ${stored} is stored; you saw ${expected}.`,
    still: 'Nothing was changed.',
    remedy: `Look again (\`minicloud config ${app.name}\`), then set what you still want.`,
  });
}

export function configPlace(appId: string, version: number): string {
  return `configs|${appId}/${version}|values`;
}

function opened(cloud: Cloud, app: string, row: ConfigRow): Config {
  const { app_id, version } = row;
  const plain = JSON.parse(cloud.sealer.open(row.values_sealed, configPlace(app_id, version))) as Record<
    string,
    string
  >;
  const values = new Map(namesOf(row).map(({ name, ...more }) => [name, { ...more, value: plain[name] ?? '' }]));
  const config = { version, values };
  redactOnce(cloud, app, row, values);
  return config;
}

/** What the redactor has the values of, by app: sealed texts, of which no two are alike. */
const redacted = new WeakMap<Redactor, Map<string, Set<string>>>();

/** Every repair opens what serves: the work is done once. */
function redactOnce(
  cloud: Pick<Cloud, 'redactor'>,
  app: string,
  { values_sealed: sealed }: ConfigRow,
  values: Config['values'],
): void {
  const known = redacted.get(cloud.redactor) ?? new Map<string, Set<string>>();
  redacted.set(cloud.redactor, known);
  const seen = known.get(app) ?? new Set();
  known.set(app, seen);
  if (seen.has(sealed)) return;
  seen.add(sealed);
  redactConfig(cloud, app, values);
}

/**
 * A secret is looked for whatever it is. A config var only when it looks like one: it may be a word, as `production` is,
 * that logs and events are full of.
 */
function redactConfig({ redactor }: Pick<Cloud, 'redactor'>, app: string, values: Config['values']): void {
  const own = redactor.of(app);
  for (const [name, { kind, value }] of values) if (kind === 'secret' || isSecret(name, value)) own.add(value);
}
