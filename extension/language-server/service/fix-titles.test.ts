/** A fix does what its title says and no more, and the one that is meant is there however the manifest is written. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { applyFix } from 'minicloud-shared/manifest/source';
import { parseDocument, stringify } from 'yaml';
import { diagnose } from './diagnose.ts';
import { type Action, fixesOf } from './fix.ts';
import { type FixCase, fixCases, forms, optionsOf } from './fix-cases.ts';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

function dataOf(text: string): Json | undefined {
  const doc = parseDocument(text, { logLevel: 'silent' });
  return doc.errors.length > 0 || /[&*]\w|<<|!/.test(text) ? undefined : (doc.toJS() as Json);
}

/** Data in which a map with nothing in it is as nothing, and the need of which nothing is said is its word. */
function plain(value: Json): Json {
  if (Array.isArray(value)) return value.map(plain).map((item) => wordOf(item) ?? item);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, part]) => [key, plain(part)] as const);
  return Object.keys(value).length === 0 ? null : Object.fromEntries(entries);
}

function wordOf(item: Json): string | undefined {
  const [entry, ...others] = typeof item === 'object' && item !== null ? Object.entries(item) : [];
  return others.length === 0 && entry?.[1] === null ? entry[0] : undefined;
}

/** Everything that the data is without one key or entry whose name or value is `name`; any when there is no name. */
function without(value: Json, name: string | undefined): Json[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => [
      ...(name === undefined || String(item) === name ? [value.toSpliced(index, 1)] : []),
      ...without(item, name).map((rest) => value.with(index, rest)),
    ]);
  }
  return Object.entries(value).flatMap(([key, part]) => [
    ...(name === undefined || key === name || String(part) === name
      ? [Object.fromEntries(Object.entries(value).filter(([other]) => other !== key))]
      : []),
    ...without(part, name).map((rest) => ({ ...value, [key]: rest })),
  ]);
}

/** In the order of nothing. */
function shown(value: Json): string {
  return JSON.stringify(plain(value), (_, part: Json) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

const removal = /^(?:Remove|Keep this one, remove|Check|Lead to) (.*?)(?:, leaving no (\S+))?$/;

/** What may be left when a fix of this title was done; undefined for titles that promise something else. */
function promised(title: string, data: Json): Json[] | undefined {
  const [, what, section] = removal.exec(title) ?? [];
  if (what === undefined || /^port \d/.test(what)) return undefined;
  // What is taken out of a text, or stands beside the data.
  if (/^the (character|tag|directive|comment)$/.test(what) || title === 'Remove it') return undefined;
  const named = /^(this|the|it)\b/.test(what) ? undefined : what;
  const rest = without(data, named);
  if (section === undefined) return rest;
  return rest.flatMap((each) => without(each, section));
}

/** A removal takes what its title names, and nothing else. */
function keepsItsWord({ title, edits = [] }: Action, text: string): void {
  const data = dataOf(text);
  const allowed = data === undefined ? undefined : promised(title, data)?.map(shown);
  if (!allowed) return;
  const fixed = applyFix(text, { title, edits });
  assert.ok(allowed.includes(shown(dataOf(fixed) ?? '')), `"${title}"\n${text}\nbecomes\n${fixed}`);
}

/** The fix that a person would want, among those of every such diagnostic. */
const intended: Readonly<Record<string, RegExp>> = {
  'build-section-missing': /^Name the service /,
  'build-section-unused': /^Change the type to /,
  'domain-owned': /^Change to /,
  'domain-twice': /^Remove the repetition/,
  'duplicate-key': /^Remove (this one, keep the first|the repetition)$/,
  'env-unset': /^Add \w+ to (env|secrets)$/,
  'expose-process': /^Change to /,
  'expose-without-domain': /^Give it the domain /,
  'healthcheck-unsaid': /^Add a healthcheck$/,
  'http-only': /^Use proto: http$/,
  'image-and-build': /^Remove image$/,
  'job-twice': /^Rename to /,
  'missing-key': /^Add /,
  'mount-nested': /^Mount it at /,
  'no-replica': /^Run one replica$/,
  'not-available': /^Remove (?!needs|expose|this entry)/,
  'placement-unknown': /^Change to /,
  'port-twice': /^Change to \d+$/,
  'reserved-env': /^Change to APP_/,
  'reserved-name': /^Rename to /,
  'rollout-steps': /^(Write|End with) /,
  'rollout-steps-unused': /^Use the strategy steps$/,
  'secret-in-env': /^Move \w+ to the secrets/,
  'secret-value': /^Change to /,
  'stop-first-needed': /^Stop the old release first$/,
  'support-name': /^Rename to /,
};

/** By what is wrong where: the titles of its fixes. JSON's own quotes are not what they are compared by. */
function offered(text: string, item: FixCase): Map<string, string[]> {
  const options = optionsOf(item);
  const document = parseManifestDocument(text, options);
  const found = new Map<string, string[]>();
  for (const diagnostic of diagnose(document, options)) {
    const fixes = fixesOf(document, diagnostic, options);
    for (const fix of fixes) keepsItsWord(fix, text);
    const titles = fixes.map(({ title }) => title.replaceAll('"', ''));
    assert.equal(
      new Set(titles).size,
      titles.length,
      `${diagnostic.code}: a title twice: ${titles.join(' | ')}\n${text}`,
    );
    const wish = intended[diagnostic.code.replace('manifest/', '')];
    // A build and a support container have no secrets.
    const barred = diagnostic.code === 'manifest/secret-in-env' && !diagnostic.path.startsWith('env.');
    assert.ok(barred || !wish || titles.some((title) => wish.test(title)), `${diagnostic.code}: ${titles}\n${text}`);
    const where = `${diagnostic.code} at ${diagnostic.path}`;
    found.set(where, [...(found.get(where) ?? []), ...titles]);
  }
  return found;
}

/** With each of its sections first, and last: what is at an end of a file has nobody beside it. */
function orders(text: string): [form: string, text: string][] {
  const data = dataOf(text);
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return [];
  return Object.keys(data).flatMap((section) => {
    const { [section]: own = null, ...rest } = data;
    const [last, first] = [
      { ...rest, [section]: own },
      { [section]: own, ...rest },
    ];
    const bare = { lineWidth: 0, indentSeq: false };
    return [
      [`block, ${section} last`, stringify(last, { lineWidth: 0 })],
      [`lists not indented, no line end, ${section} last`, stringify(last, bare).trimEnd()],
      [`block, ${section} first`, stringify(first, { lineWidth: 0 })],
      [`JSON, ${section} last`, JSON.stringify(last, null, 2)],
    ];
  });
}

/** YAML that is data no more: a comment that JSON can't hold, zeros that a number has not. */
const unlike = new Set(['YAML named JSON', 'version that YAML would shorten']);

describe('fixes keep their word, and are the same in every form and every order', () => {
  for (const item of fixCases.filter(({ title }) => !unlike.has(title))) {
    test(item.title, () => {
      const [original = ['', ''], ...others] = forms(item);
      const expected = offered(original[1], item);
      for (const [form, text] of [...others, ...orders(item.text)]) {
        for (const [where, titles] of offered(text, item)) {
          const wanted = expected.get(where);
          if (wanted) assert.deepEqual(titles, wanted, `${where}, ${form}:\n${text}`);
        }
      }
    });
  }
});
