/** What can be done about a diagnostic. Every fix that is offered was tried: its diagnostic goes and no other comes. */
import type { Diagnostic, Fix, Range, ServerFacts, SourceReads } from 'minicloud-shared/manifest/model';
import { type ManifestDocument, parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { type Path, parsePath } from 'minicloud-shared/manifest/path';
import { serverRules } from 'minicloud-shared/manifest/server-rules';
import { applyFix, spanRange } from 'minicloud-shared/manifest/source';
import { type DiagnoseOptions, diagnose } from './diagnose.ts';
import { appFixers } from './fix-app.ts';
import { type Draft, draftOf } from './fix-draft.ts';
import { routeFixers } from './fix-routes.ts';
import { sourceFixers } from './fix-sources.ts';
import { valueFixers } from './fix-values.ts';

export interface FixContext {
  document: ManifestDocument;
  diagnostic: Diagnostic;
  path: Path;
  facts?: ServerFacts;
  sources?: SourceReads;
  /** A new draft; each fix has one of its own. */
  draft(): Draft;
}

/** Everything that may help; what does not is left out afterwards. */
export type Fixer = (context: FixContext) => (Fix | undefined)[];

export interface Action {
  title: string;
  edits?: Fix['edits'];
  /** Instead of edits: the code that the editor switches off in its settings. */
  disables?: string;
  /** Instead of edits: the secret whose value the editor asks for and gives to the server. */
  sets?: string;
  /** With `sets`: its value stands in the file, and goes from there by these edits once the server has it. */
  moves?: Fix['edits'];
  /** The one that a person most likely wants. */
  preferred: boolean;
}

export interface FixOptions extends DiagnoseOptions {
  fileName?: string;
}

export const fixers: Readonly<Record<string, Fixer>> = {
  ...valueFixers,
  ...routeFixers,
  ...appFixers,
  ...sourceFixers,
};

/**
 * The fixes of one diagnostic, the likeliest first. One that is `told` was found by a server, from what only it knows:
 * whether it goes can't be tried here, only that no other comes.
 */
export function fixesOf(
  document: ManifestDocument,
  diagnostic: Diagnostic,
  options: FixOptions = {},
  told = false,
): Action[] {
  const { facts, sources } = options;
  let drafts = draftsFor(document.context.source);
  const context: FixContext = {
    document,
    diagnostic,
    path: parsePath(diagnostic.path),
    ...(facts ? { facts } : {}),
    ...(sources ? { sources } : {}),
    draft: () => draftOf(document, drafts-- > 0),
  };
  const tried = [diagnostic.fix, ...(fixers[diagnostic.code]?.(context) ?? [])];
  const before = diagnose(document, options);
  const seen = new Set<string>();
  const fixes = tried.flatMap((fix): Fix[] => {
    if (!fix) return [];
    const text = applyFix(document.context.source, fix);
    // The same thing under one title, in another form, would be a choice that nobody can make.
    if (seen.has(text) || seen.has(fix.title)) return [];
    if (!helps(text, told ? undefined : diagnostic.code, before, options)) return [];
    seen.add(text).add(fix.title);
    return [fix];
  });
  return fixes.map(({ title, edits }, index) => ({ title, edits, preferred: index === 0 }));
}

/** Each draft is a text to be read: of a large one, only as many as a person would wait for. */
function draftsFor({ length }: string): number {
  return Math.max(2, Math.floor(400_000 / (length + 1)));
}

/** A value that moved to the secrets has none on the server yet: that is the next thing to be told, and no mistake. */
const mayCome = new Set(['manifest/secret-value']);
/** Looked for only where nothing else is wrong: what was there all the time is seen when the last error goes. */
const seenLater = new Set(serverRules.map(({ code }) => code));

/** True when a text has no more wrong than before and, where a code is given, less of that. */
function helps(text: string, code: string | undefined, before: readonly Diagnostic[], options: FixOptions): boolean {
  const after = diagnose(parseManifestDocument(text, options), options);
  const count = (list: readonly Diagnostic[], wanted: string): number =>
    list.filter((each) => each.code === wanted).length;
  // Where there is more wrong than is shown, what is mended makes room for as much again.
  if (count(before, 'manifest/more') > 0) return after.every((each) => count(before, each.code) > 0);
  const hidden = before.some(({ code: each, severity }) => severity === 'error' && !seenLater.has(each));
  const worse = after.some(
    ({ code: each }) =>
      count(after, each) > count(before, each) && !mayCome.has(each) && !(hidden && seenLater.has(each)),
  );
  return !worse && (code === undefined || count(after, code) < count(before, code));
}

/** Rounds of mending until nothing is left to mend; a fix may make room for the next. */
const maxRounds = 8;
/** Texts that are read to try one fix alone, when they do not go together. */
const maxTries = 40;

/**
 * The text with everything mended whose meaning is beyond doubt: words misspelled, values to be quoted, numbers, units.
 * Nothing is removed and no opinion is followed. One edit, or none.
 */
export function fixAll(document: ManifestDocument, options: FixOptions = {}): Fix['edits'] {
  const { source } = document.context;
  let text = source;
  let tries = 0;
  for (let round = 0; round < maxRounds; round++) {
    const before = diagnose(parseManifestDocument(text, options), options);
    const sure = before.filter(({ code, severity, fix }) => severity === 'error' && fix && code !== 'manifest/command');
    const together = apart(sure.flatMap(({ fix }) => fix?.edits ?? []));
    let next = together.length > 0 ? applyFix(text, { title: '', edits: together }) : text;
    if (next !== text && !helps(next, sure[0]?.code ?? '', before, options)) {
      next = text;
      for (const { code, fix } of sure) {
        const alone = fix && tries++ < maxTries ? applyFix(text, fix) : text;
        if (alone === text || !helps(alone, code, before, options)) continue;
        next = alone;
        break;
      }
    }
    if (next === text) break;
    text = next;
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

/** The edits that do not touch one before them; the others have their turn in the next round. */
function apart(edits: Fix['edits']): Fix['edits'] {
  const sorted = [...edits].sort((a, b) => order(a.range.start, b.range.start));
  return sorted.filter(({ range }, index) => {
    const before = sorted[index - 1];
    return !before || order(before.range.end, range.start) < 0;
  });
}

function order(a: Range['start'], b: Range['start']): number {
  return a.line - b.line || a.character - b.character;
}
