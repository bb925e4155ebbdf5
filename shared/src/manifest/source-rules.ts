/**
 * Rules about the variables that the source of an app reads. They say nothing while the source is not known, and nothing
 * is called unread unless all of it was looked through: not known is not wrong.
 */
import { isReadElsewhere, isSetElsewhere, productionValues } from '../env-lint/well-known.ts';
import type { Diagnostic, ServerFacts, SourceRead, SourceReads } from './model.ts';
import type { ManifestDocument } from './parse.ts';
import type { Path } from './path.ts';
import { toDiagnostics } from './report.ts';
import { placed, type Rule, type RuleContext, type RuleFinding } from './rules.ts';
import { needDefaults } from './schema-parts.ts';
import { isSuppressed } from './suppress.ts';
import { exposesOf, type NeedKind, needsOf, primaryOf, processNamesOf } from './view.ts';

export interface SourceContext extends RuleContext {
  sources: SourceReads;
  facts: ServerFacts | undefined;
}

export interface SourceRule extends Omit<Rule, 'check'> {
  check(context: SourceContext): RuleFinding[];
}

/** Places of reads that are told of one variable; the rest is for a search in the source. */
const mostPlaces = 5;
/** Names in one list, and variables that have a hint each. */
const mostNames = 5;

const envUnset: SourceRule = {
  code: 'manifest/env-unset',
  severity: 'hint',
  summary: 'A variable that the source of the app reads is set by the manifest or the server.',
  check(context) {
    const unset = unsetVariables(context).filter(({ required }) => required.length > 0);
    const alone = unset.length > mostNames + 1 ? unset.slice(0, mostNames) : unset;
    const together = unset.slice(alone.length);
    const findings = alone.map(({ name, required: [first], reads }): RuleFinding => {
      return {
        path: ['env', name],
        mark: placeFor(context),
        onKey: true,
        message: `${name} is read in ${first?.file}:${first?.line}, and neither the manifest nor the server sets it; ${remedyFor(name, context)}`,
        elsewhere: placesOf(reads),
      };
    });
    if (together.length === 0) return findings;
    return [
      ...findings,
      {
        path: ['env'],
        mark: placeFor(context),
        onKey: true,
        message: `${list(shortened(together))} are read as well, and neither the manifest nor the server sets them; add them to env, or to secrets when nobody may see them.`,
        elsewhere: firstPlacesOf(together),
      },
    ];
  },
};

function remedyFor(name: string, { text, facts }: SourceContext): string {
  const need = needOf(name);
  if (need) return `write needs: ${need}, which brings it, or add it to env.`;
  if (facts?.secrets[text.name ?? '']?.includes(name)) {
    return 'there is a secret of this name on the server: name it under secrets.';
  }
  const usual = productionValues.get(name);
  return usual === undefined
    ? 'add it to env, or to secrets when nobody may see it.'
    : `add it to env, as ${usual} where that is meant.`;
}

/** The need that brings a variable of this name. */
export function needOf(name: string): NeedKind | undefined {
  const found = Object.entries(needDefaults).find(([, need]) => 'env' in need && need.env === name);
  return found?.[0] as NeedKind | undefined;
}

const envDefault: SourceRule = {
  code: 'manifest/env-default',
  severity: 'hint',
  summary: 'A variable that the source of the app has a default for may be set in the manifest.',
  check(context) {
    const spared = unsetVariables(context).filter(({ required }) => required.length === 0);
    if (spared.length === 0) return [];
    const one = spared.length === 1;
    return [
      {
        path: ['env'],
        mark: placeFor(context),
        onKey: true,
        message: `${list(shortened(spared))} ${one ? 'is' : 'are'} read and not set; the source has ${one ? 'a default, or does without it' : 'defaults, or does without them'}. Add to env what should be otherwise.`,
        elsewhere: firstPlacesOf(spared),
      },
    ];
  },
};

const envUnread: SourceRule = {
  code: 'manifest/env-unread',
  severity: 'hint',
  summary: 'A variable that is set is one that the source of the app reads.',
  check(context) {
    const { text, sources, source } = context;
    const set: { name: string; path: Path; onKey: boolean }[] = [
      ...Object.keys(text.env ?? {}).map((name) => ({ name, path: ['env', name], onKey: true })),
      ...(text.secrets ?? []).flatMap((name, index) =>
        name === undefined ? [] : [{ name, path: ['secrets', index], onKey: false }],
      ),
    ];
    return (
      set
        .filter(({ name }) => sources.unread.includes(name) && !isReadElsewhere(name))
        // A command of the manifest may hand it to a shell.
        .filter(({ name }) => !new RegExp(`\\$\\{?${name}\\b`).test(source))
        .map(({ name, path, onKey }) => ({
          path,
          onKey,
          message: `${name} is set, and nothing in the source reads it; remove it, unless a library needs it.`,
        }))
    );
  },
};

export const sourceRules: readonly SourceRule[] = [envUnset, envDefault, envUnread];

/** What the source says about a manifest; empty without it, or while the manifest has errors of its own. */
export function checkAgainstSource(
  document: ManifestDocument,
  sources: SourceReads | undefined,
  facts?: ServerFacts,
): Diagnostic[] {
  const { manifest, context } = document;
  // Another repository is built, or nothing is: the files beside the manifest are not what runs.
  if (!sources || manifest?.kind !== 'container' || manifest.build?.git) return [];
  if (!isOwnSource({ text: context.text, sources })) return [];
  const sourceContext: SourceContext = { ...context, sources, facts: facts?.complete ? facts : undefined };
  const findings = sourceRules.flatMap((rule) =>
    rule.check(sourceContext).map((found) => placed(rule, found, sourceContext)),
  );
  return toDiagnostics(context.source, document.lines, findings).filter(
    ({ code, range }) => !isSuppressed(document.suppressions, { code, line: range.start.line, opinion: true }),
  );
}

export interface Unset {
  name: string;
  reads: SourceRead[];
  /** Those that have nothing to take instead. */
  required: SourceRead[];
}

/** Variables that are read and that nothing sets, in the order of their names. */
export function unsetVariables(context: SourceContext): Unset[] {
  const set = setBy(context);
  const byName = new Map<string, SourceRead[]>();
  for (const read of context.sources.reads) {
    if (set.has(read.name) || /^MINICLOUD_/.test(read.name) || isSetElsewhere(read.name)) continue;
    if (!inContext(context, read)) continue;
    byName.set(read.name, [...(byName.get(read.name) ?? []), read]);
  }
  return [...byName]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, reads]) => {
      const usual = productionValues.get(name);
      // What runs for real without a word needs none; any other default of these is for development.
      const required = reads.filter(({ fallback }) => fallback === undefined || (usual && fallback !== usual));
      return { name, reads, required };
    });
}

/** What a process of the app gets, as the server would give it. */
function setBy(context: SourceContext): Set<string> {
  const { text, sources, facts } = context;
  const primary = primaryOf(processNamesOf(text) ?? []);
  const port = exposesOf(text).some(({ process = primary }) => process === primary);
  return new Set([
    ...Object.keys(text.env ?? {}),
    ...(text.secrets ?? []).filter((name) => name !== undefined),
    ...needsOf(context).flatMap(({ env }) => (env ? [env.name] : [])),
    ...(facts?.config?.[text.name ?? ''] ?? []),
    ...Object.keys(text.build?.nixpacks?.variables ?? {}),
    ...sources.imageSets,
    ...(port ? ['PORT'] : []),
  ]);
}

/** Only this folder of the source is built. */
function inContext({ text }: Pick<SourceContext, 'text'>, { file }: SourceRead): boolean {
  const folder = (text.build?.context ?? '.').replace(/^\.\/|\/+$/g, '');
  return folder === '.' || folder === '' || file.startsWith(`${folder}/`);
}

/**
 * The files beside the manifest are those of the app: it is built from them, or they read what the manifest sets for
 * this app alone. A name that any image may know, as NODE_ENV, tells nothing.
 */
function isOwnSource({ text, sources }: Pick<SourceContext, 'text' | 'sources'>): boolean {
  if (text.build !== undefined || text.image === undefined || sources.makesImage) return true;
  const set = [...Object.keys(text.env ?? {}), ...(text.secrets ?? [])];
  const own = new Set(set.filter((name) => name !== undefined && !isReadElsewhere(name)));
  return sources.reads.some(({ name }) => own.has(name));
}

function placeFor({ nodeAt }: SourceContext): Path {
  return nodeAt(['env']) ? ['env'] : ['name'];
}

function placesOf(reads: readonly SourceRead[]): Diagnostic['related'] {
  return reads.slice(0, mostPlaces).map(({ name, file, line }) => {
    const at = { line: line - 1, character: 0 };
    return { message: `${name} is read here.`, file, range: { start: at, end: at } };
  });
}

function firstPlacesOf(unset: readonly Unset[]): Diagnostic['related'] {
  return placesOf(unset.flatMap(({ reads: [read] }) => read ?? []));
}

/** The first names, and how many more there are; never that there is one more, which has a name of its own. */
function shortened(unset: readonly Unset[]): string[] {
  const names = unset.map(({ name }) => name);
  return names.length > mostNames + 1 ? [...names.slice(0, mostNames), `${names.length - mostNames} more`] : names;
}

function list(names: readonly string[]): string {
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : (names[0] ?? '');
}
