/** What can be done about a diagnostic. Every fix that is offered was tried: its diagnostic goes and no other comes. */
import { catalogue, isOpinion } from 'minicloud-shared/manifest/catalogue';
import type { Diagnostic, Fix, Range, ServerFacts } from 'minicloud-shared/manifest/model';
import { type ManifestDocument, parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { type Path, parsePath } from 'minicloud-shared/manifest/path';
import { applyFix, spanRange } from 'minicloud-shared/manifest/source';
import { type DiagnoseOptions, diagnose } from './diagnose.ts';
import { appFixers } from './fix-app.ts';
import { type Draft, draftOf } from './fix-draft.ts';
import { routeFixers } from './fix-routes.ts';
import { valueFixers } from './fix-values.ts';

export interface FixContext {
  document: ManifestDocument;
  diagnostic: Diagnostic;
  path: Path;
  facts?: ServerFacts;
  /** A new draft; each fix has one of its own. */
  draft(): Draft;
}

/** Everything that may help; what does not is left out afterwards. */
export type Fixer = (context: FixContext) => (Fix | undefined)[];

export interface Action {
  title: string;
  /** Edits of the text, or a command that the editor runs. */
  edits?: Fix['edits'];
  command?: { name: string; arguments: unknown[] };
  /** The one that a person most likely wants. */
  preferred: boolean;
}

export interface FixOptions extends DiagnoseOptions {
  fileName?: string;
}

export const fixers: Readonly<Record<string, Fixer>> = { ...valueFixers, ...routeFixers, ...appFixers };

/** The fixes of one diagnostic, the likeliest first. */
export function fixesOf(document: ManifestDocument, diagnostic: Diagnostic, options: FixOptions = {}): Action[] {
  const { facts } = options;
  const context: FixContext = {
    document,
    diagnostic,
    path: parsePath(diagnostic.path),
    ...(facts ? { facts } : {}),
    draft: () => draftOf(document),
  };
  const tried = [diagnostic.fix, ...(fixers[diagnostic.code]?.(context) ?? [])];
  const before = diagnose(document, options);
  const seen = new Set<string>();
  const fixes = tried.flatMap((fix): Fix[] => {
    if (!fix) return [];
    const text = applyFix(document.context.source, fix);
    if (seen.has(text) || !helps(text, diagnostic.code, before, options)) return [];
    seen.add(text);
    return [fix];
  });
  return fixes.map(({ title, edits }, index) => ({ title, edits, preferred: index === 0 }));
}

/** A value that moved to the secrets has none on the server yet: that is the next thing to be told, and no mistake. */
const mayCome = new Set(['manifest/secret-value']);

function helps(text: string, code: string, before: readonly Diagnostic[], options: FixOptions): boolean {
  const { fileName } = options;
  const after = diagnose(parseManifestDocument(text, fileName === undefined ? {} : { fileName }), options);
  const count = (list: readonly Diagnostic[], wanted: string): number =>
    list.filter((each) => each.code === wanted).length;
  const worse = after.some((each) => count(after, each.code) > count(before, each.code) && !mayCome.has(each.code));
  return !worse && count(after, code) < count(before, code);
}

/** Rounds of mending until nothing is left to mend; a fix may make room for the next. */
const maxRounds = 20;

/**
 * The text with everything mended whose meaning is beyond doubt: words misspelled, values to be quoted, numbers, units.
 * Nothing is removed and no opinion is followed. One edit, or none.
 */
export function fixAll(document: ManifestDocument, options: FixOptions = {}): Fix['edits'] {
  const { source } = document.context;
  let text = source;
  for (let round = 0; round < maxRounds; round++) {
    const current = parseManifestDocument(text, options.fileName === undefined ? {} : { fileName: options.fileName });
    const before = diagnose(current, options);
    const next = before
      .filter((each) => each.severity === 'error' && each.fix && each.code !== 'manifest/command')
      .map((each) => ({ code: each.code, text: each.fix ? applyFix(text, each.fix) : text }))
      .find((each) => helps(each.text, each.code, before, options));
    if (!next) break;
    text = next.text;
  }
  if (text === source) return [];
  let start = 0;
  while (start < text.length && text[start] === source[start]) start++;
  let end = 0;
  const most = Math.min(text.length, source.length) - start;
  while (end < most && text[text.length - 1 - end] === source[source.length - 1 - end]) end++;
  const range: Range = spanRange(document.lines, [start, source.length - end]);
  return [{ range, newText: text.slice(start, text.length - end) }];
}

/** Codes that something can be done about, for tests and documentation. */
export function fixableCodes(): string[] {
  return catalogue.map(({ code }) => code).filter((code) => fixers[code] || isOpinion(code));
}
