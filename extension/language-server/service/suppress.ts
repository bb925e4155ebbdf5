/** What a person can do who does not share an opinion: not be told of it on this line, or nowhere. */
import { isOpinion } from 'minicloud-shared/manifest/catalogue';
import type { Diagnostic } from 'minicloud-shared/manifest/model';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { lineText, spanRange } from 'minicloud-shared/manifest/source';
import { suppressionWord } from 'minicloud-shared/manifest/suppress';
import type { Action } from './fix.ts';
import { styleOf } from './style.ts';

/** None for errors, which the server refuses whatever the editor shows. */
export function disablingActions(document: ManifestDocument, { code, range }: Diagnostic): Action[] {
  if (!isOpinion(code)) return [];
  const everywhere: Action = {
    title: `Disable ${code} in the settings`,
    disables: code,
    preferred: false,
  };
  const here = commentFor(document, code, range.start.line);
  return [...(here ? [here] : []), everywhere];
}

/** A comment above the line, or a code more in the one that is there. JSON has no comments. */
function commentFor(document: ManifestDocument, code: string, line: number): Action | undefined {
  const { source, json } = document.context;
  // A comment about a comment would do nothing.
  if (json || code.startsWith('manifest/suppression-')) return undefined;
  const title = `Disable ${code} for this line`;
  const there = document.suppressions.find((each) => each.line === line && each.codes.length > 0);
  const last = there?.codes.at(-1);
  const start = document.lines.starts[line] ?? 0;
  const margin = /^[ \t]*/.exec(lineText(source, document.lines, line))?.[0] ?? '';
  const at = last ? last.span[1] : start;
  const newText = last ? `, ${code}` : `${margin}# ${suppressionWord} ${code}${styleOf(document).eol}`;
  return { title, edits: [{ range: spanRange(document.lines, [at, at]), newText }], preferred: false };
}
