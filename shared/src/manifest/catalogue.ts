/**
 * Every code that a diagnostic of a manifest may carry: how bad it is, what can tell it, and what it is about. The pages
 * in `shared/docs/manifest-rules.md` and the setting of severities in the editor are made from this table.
 */
import type { Severity } from './model.ts';
import { rules } from './rules.ts';
import { serverRules } from './server-rules.ts';
import { sourceRules } from './source-rules.ts';

export interface CatalogueEntry {
  /** Stable: `manifest/port-range`. */
  code: string;
  severity: Severity;
  /** One sentence that states the rule. */
  summary: string;
  /** What it takes to tell: the text alone, the facts of a server too, or the source of the app. */
  seen: 'text' | 'server' | 'source';
}

const error = (code: string, summary: string): CatalogueEntry => ({
  code: `manifest/${code}`,
  severity: 'error',
  summary,
  seen: 'text',
});
const hint = (code: string, summary: string): CatalogueEntry => ({ ...error(code, summary), severity: 'hint' });

/** The text as YAML. */
const ofSyntax: readonly CatalogueEntry[] = [
  error('syntax', 'A manifest is one readable YAML 1.2 or JSON document.'),
  error('character', 'No character stands in a manifest that can not be seen or that nothing can carry.'),
  error('anchor', 'A manifest has no anchors: each value is written where it is needed.'),
  error('alias', 'A manifest has no aliases: each value is written where it is needed.'),
  error('merge-key', 'A manifest has no merge keys: each key is written where it is needed.'),
  error('tag', 'A manifest has no tags: text that YAML would read as something else goes in quotes.'),
  error('directive', 'A manifest is always YAML 1.2 and has no directives.'),
  error('documents', 'A file holds one manifest.'),
  error('key', 'A key is plain text, and not a name with a meaning of its own to JavaScript.'),
  error('duplicate-key', 'A key is written once.'),
  error('empty', 'A manifest has at least a name.'),
  error('too-large', 'A manifest is at most 256 KB.'),
  error('too-deep', 'A manifest is nested at most 40 levels deep.'),
  error('unreadable', 'A manifest can be read at all.'),
  error('more', 'At most 200 diagnostics are shown; the rest comes when these are mended.'),
  {
    ...error('not-json', 'A manifest whose name ends in .json is JSON for other programs, too.'),
    severity: 'warning',
  },
];

/** The values by the schema. */
const ofValues: readonly CatalogueEntry[] = [
  error('unknown-key', 'Every key is one that the manifest language has in that place.'),
  error('missing-key', 'A key that is required is there.'),
  error('empty-value', 'A key has a value; one that means nothing is left out.'),
  error('list-empty', 'A list that is written and must not be empty has an entry.'),
  error('type', 'A value is of the kind that its key wants: text, a number, a list or a map.'),
  error('value', 'A value is one of the words that its key knows.'),
  error('version', 'The version of the manifest language is one that is known.'),
  error('quote', 'Text that YAML reads as a number or as true or false stands in quotes.'),
  error('number', 'A number is written the way it is read: without leading zeros, other bases or exponents.'),
  error('number-range', 'A number lies in the range that its key allows.'),
  error('port-range', 'A port is a whole number from 1 to 65535.'),
  error('cpus', 'Processor time is a number of cores from 0.01 to 256.'),
  error('size', 'A size is a number with a unit, such as 256MB or 256MiB, within the bounds of its key.'),
  error('duration', 'A duration is a number with a unit, such as 500ms, 30s or 5m, within the bounds of its key.'),
  error('percent', 'A share is a whole percentage from 1% to 100%.'),
  error('text', 'A text has 1 to 1000 characters.'),
  error('word', 'A word has up to 63 letters, digits, ".", "_", "/" and "-".'),
  error('name', 'An app name is 2 to 40 of a-z, 0-9 and -, starts with a letter and does not end with -.'),
  error('part-name', 'Processes, support containers and jobs are called by 1 to 32 of a-z, 0-9 and -.'),
  error('env-name', 'A variable is called by letters, digits and _, and does not start with a digit.'),
  error('domain', 'A domain is a name such as shop.example.com or *.example.com.'),
  error('route-path', 'A path of a route starts with / and has no "..", "//", ? or #.'),
  error('mount-path', 'A volume is mounted at an absolute folder that hides nothing of the system.'),
  error('file-path', 'A path to a file is relative to the folder that is built and does not lead out of it.'),
  error('image', 'An image is written NAME, NAME:TAG or REGISTRY/NAME:TAG in lower case.'),
  error('git-repo', 'A repository is written https://HOST/PATH.git or git@HOST:PATH.git, without a password.'),
  error('git-branch', 'A branch is the name of a branch or tag.'),
  error('command', 'A command is a list of arguments, or one line that can be split without a shell.'),
  error('schedule', 'A schedule has five fields: minute, hour, day, month and weekday.'),
  error('timezone', 'A time zone is a name such as Europe/Amsterdam or UTC.'),
  error('user', 'A user is a name or a number, with or without a group.'),
  error('engine-version', 'The version of a database is digits and dots in quotes.'),
];

const ofSuppressions: readonly CatalogueEntry[] = [
  hint('suppression-unused', 'A comment that puts a rule to rest has something to put to rest.'),
  hint('suppression-unknown', 'A comment that puts a rule to rest names one that there is.'),
];

export const catalogue: readonly CatalogueEntry[] = [
  ...ofSyntax,
  ...ofValues,
  ...rules.map(({ code, severity, summary }): CatalogueEntry => ({ code, severity, summary, seen: 'text' })),
  ...serverRules.map(({ code, severity, summary }): CatalogueEntry => ({ code, severity, summary, seen: 'server' })),
  ...sourceRules.map(({ code, severity, summary }): CatalogueEntry => ({ code, severity, summary, seen: 'source' })),
  ...ofSuppressions,
];

const opinions = new Set(catalogue.filter(({ severity }) => severity !== 'error').map(({ code }) => code));

/** True for what a person may see differently: everything but errors, which the server refuses. */
export function isOpinion(code: string): boolean {
  return opinions.has(code);
}
