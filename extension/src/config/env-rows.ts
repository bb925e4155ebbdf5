/** What an import of a `.env` file offers: which names, as what, and whether they are news to the server. Pure. */
import { isSecret } from 'minicloud-shared/import/secrets';
import { type ConfigEntry, type ConfigKind, configNamePattern } from 'minicloud-shared/model/config';
import type { Translate } from '../translate.ts';

export type EnvChange = 'new' | 'changed' | 'same';

export interface EnvRow {
  name: string;
  value: string;
  kind: ConfigKind;
  /** The server has it as this kind, which it keeps. */
  fixed: boolean;
  change: EnvChange;
}

export interface Known {
  entries: readonly Pick<ConfigEntry, 'name' | 'kind'>[];
  /** Names that the manifest lists under `secrets`. */
  listed: readonly string[];
  /** Names that a service brings by itself, with the server's own value. */
  brought: readonly string[];
}

export interface EnvRows {
  rows: EnvRow[];
  /** Names that can't be set, each with the reason. */
  left: { name: string; why: string }[];
}

/**
 * One row a name, those that the server has told apart by `changes`. A kind is guessed as the importers of manifests
 * guess it: rather one secret too many than a password among the config vars.
 */
export function envRows(
  values: ReadonlyMap<string, string>,
  { entries, listed, brought }: Known,
  changes: ReadonlyMap<string, EnvChange>,
  t: Translate,
): EnvRows {
  const rows: EnvRow[] = [];
  const left: EnvRows['left'] = [];
  for (const [name, value] of values) {
    const why = reasonAgainst(name, brought, t);
    const there = entries.find((entry) => entry.name === name);
    const guessed = listed.includes(name) || isSecret(name, value) ? 'secret' : 'config';
    if (why) left.push({ name, why });
    else
      rows.push({
        ...{ name, value, kind: there?.kind ?? guessed, fixed: there !== undefined },
        change: there ? (changes.get(name) ?? 'changed') : 'new',
      });
  }
  return { rows, left };
}

/** What the server would refuse, with everything that is sent beside it. */
function reasonAgainst(name: string, brought: readonly string[], t: Translate): string | undefined {
  if (!configNamePattern.test(name)) return t('no name for a variable');
  if (/^MINICLOUD_/i.test(name) || name === 'PORT') return t('Minicloud sets it itself');
  if (brought.includes(name)) return t('a service of the app brings it');
  return undefined;
}
