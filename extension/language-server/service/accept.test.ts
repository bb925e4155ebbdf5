/** Whatever is chosen from a list of completions, in any manifest of the tables, makes no fault that was not there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { formatPath } from 'minicloud-shared/manifest/path';
import { type Completion, complete } from './complete.ts';
import { known } from './expectations.ts';
import { languageCases } from './language-cases.ts';

/** What is still to be typed: the value, and what else an entry needs that was just begun. */
const toCome = new Set([
  'manifest/empty-value',
  'manifest/missing-key',
  'manifest/list-empty',
  'manifest/build-section-missing',
]);

/** How often each error is there, but at the place that is being written. */
function errorsOf(text: string, except = ''): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { code, severity, path } of parseManifestDocument(text).diagnostics) {
    if (severity === 'error' && (except === '' || path !== except)) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return counts;
}

/** The text with a completion in it, its placeholders as they are first shown. */
function accepted(text: string, { snippet, span, extra }: Completion): string {
  const body = snippet
    .replace(/\$0/g, '')
    .replace(/\$\{\d:([^}]*)\}/g, '$1')
    .replace(/\\([$}\\])/g, '$1');
  const edits = [{ span, newText: body }, ...extra.map(({ offset, newText }) => ({ span: [offset, offset], newText }))];
  return edits
    .sort((a, b) => (b.span[0] ?? 0) - (a.span[0] ?? 0))
    .reduce((all, edit) => all.slice(0, edit.span[0]) + edit.newText + all.slice(edit.span[1]), text);
}

/** As VS Code filters: the letters typed stand in the text in their order; blanks in front do not count. */
function matches(typed: string, filter: string): boolean {
  let from = 0;
  return [...typed.trimStart().toLowerCase()].every((letter) => {
    from = filter.toLowerCase().indexOf(letter, from) + 1;
    return from > 0;
  });
}

const cases = languageCases.filter(({ feature }) => feature === 'complete');
assert.ok(cases.length > 100);

for (const { file, title, text: marked, expected } of cases) {
  const offset = marked.lastIndexOf('|');
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  const items = complete(parseManifestDocument(text), offset, known);

  test(`${file}: ${title}: what is chosen makes no new fault`, () => {
    const before = errorsOf(text);
    for (const item of items) {
      // A key that has its value already is another one then, with a value that may not fit.
      if (/^["']?\s*:/.test(text.slice(item.span[1]))) continue;
      const after = accepted(text, item);
      for (const [code, count] of errorsOf(after, item.snippet.includes('$0') ? formatPath(item.path) : '')) {
        const fresh = !toCome.has(code) && count > (before.get(code) ?? 0);
        assert.ok(!fresh, `${item.label} brings ${code}\n${text}\nbecomes\n${after}`);
      }
    }
  });

  test(`${file}: ${title}: what is offered is not filtered away`, () => {
    const asked = expected.flatMap((line) => /^insert (.+?) = /.exec(line)?.[1] ?? []);
    for (const { label, span, filter } of items.filter((item) => asked.includes(item.label))) {
      const typed = text.slice(span[0], offset);
      assert.ok(matches(typed, filter), `${label}, found by ${filter}, is not there for ${typed}`);
    }
  });
}
