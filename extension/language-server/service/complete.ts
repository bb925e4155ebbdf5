/** What may be written at a place of a manifest: keys that are not there yet, values, whole sections. */
import { describePath, type KeyDescription, ruleAt } from 'minicloud-shared/manifest/describe';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { type Candidate, candidatesAt, namesAt } from './candidates.ts';
import type { Known } from './known.ts';
import { locateCursor, type ManifestPath, type Place } from './locate.ts';
import { entriesAt, manifests, type Section, snippetsAt } from './snippets.ts';
import { block, inline, keyText, literal, type Style, styleOf, textOf, whole, written } from './style.ts';
import { isUnfit } from './unfit.ts';
import { unitsAt } from './units.ts';

export interface Completion {
  label: string;
  kind: 'key' | 'word' | 'fact' | 'file' | 'folder' | 'snippet';
  /** Type and default, or where the value comes from, in a few words. */
  detail: string;
  /** What it is about; `describe` tells more when somebody asks. */
  path: ManifestPath;
  /** Required keys before others, values before sections. */
  rank: number;
  /** What a person types to get it. */
  filter: string;
  /** In the syntax of snippets; lines after the first have their indentation. */
  snippet: string;
  /** Offsets that the snippet replaces. */
  span: readonly [start: number, end: number];
  /** What else has to change, such as a comma behind the entry before. */
  extra: { offset: number; newText: string }[];
  /** The next thing to choose is offered at once. */
  more: boolean;
}

interface Writing {
  document: ManifestDocument;
  known: Known;
  place: Place;
  style: Style;
  /** A dash that the entry brings with it. */
  dash: string;
  column: number;
  /** A value is the only entry of the list that is meant. */
  bracketed?: boolean;
}

/** Everything that fits at an offset, the most likely first. Nothing in comments and in text blocks. */
export function complete(document: ManifestDocument, offset: number, known: Known = {}): Completion[] {
  const { source } = document.context;
  const place = document.parsed ? locateCursor(source, offset) : undefined;
  if (!place) return [];
  const style = styleOf(document);
  const here: Writing = { document, known, place, style, dash: '', column: place.column };
  const dash = style.dash;
  const entry: Writing = { ...here, dash, column: place.span[0] - lineStartOf(source, place.span[0]) + dash.length };
  const { key, value } = place;
  // Below the key of a map what looks like an entry is the name of one.
  const listed = place.entry && isList(place.entry.path.slice(0, -1)) ? place.entry : undefined;
  const found = [
    ...(key?.map.length === 0 && key.siblings.length === 0 && !place.flow && !place.hasColon ? wholes(here) : []),
    ...(value ? values(value.path, value.others, here) : []),
    ...(key && !isBareJson(document) ? keys(key.map, key.siblings, here) : []),
    ...(listed ? [...values(listed.path, listed.others, entry), ...keys(listed.path, [], entry)] : []),
  ];
  const seen = new Set<string>();
  return found
    .filter(({ label, snippet }) => !seen.has(`${label} ${snippet}`) && seen.add(`${label} ${snippet}`))
    .sort((a, b) => a.rank - b.rank);
}

/** A file of JSON in which there is nothing yet, no brace either. */
function isBareJson({ context: { json, source } }: ManifestDocument): boolean {
  return json && source.trim() === '';
}

/** Those that a comma yet to come hides where the text is read with a word at the cursor. */
function keysThere(map: ManifestPath, { document, place }: Writing): string[] {
  const node = document.context.nodeAt(map);
  const [from, to] = place.span;
  const apart = ([start, end]: readonly [number, number]): boolean => end < from || start > to;
  return node?.kind === 'map' ? [...node.entries].flatMap(([key, { key: at }]) => (at && apart(at) ? [key] : [])) : [];
}

function isList(path: ManifestPath): boolean {
  return /\blist\b/.test(describePath(path)?.type ?? '');
}

/** Manifests to begin with. */
function wholes(writing: Writing): Completion[] {
  const { style, document, column } = writing;
  return manifests.map((section) => ({
    ...made(section.label, section.label, whole(section.data, style, column), [], writing),
    ...{ kind: 'snippet', detail: sectionDetail(section, writing, 'manifest'), rank: isBareJson(document) ? 0 : 0.5 },
  }));
}

function sectionDetail({ missing }: Section, { known }: Writing, kind: string): string {
  return missing(known.facts) ? `${kind}, not on this server yet` : kind;
}

function keys(map: ManifestPath, before: readonly string[], writing: Writing): Completion[] {
  const { document, known, place, style, column, dash } = writing;
  const siblings = dash ? before : [...before, ...keysThere(map, writing)];
  const free = (key: string): boolean => !siblings.includes(key) && !isUnfit(map, key, siblings, document.context.text);
  const listed = (describePath(map)?.keys ?? []).filter(({ key }) => free(key));
  const words = describePath(map)?.values ?? [];
  const told = words.length > 0 ? candidatesAt({ path: map, head: '', document, known }) : [];
  const fromSchema = listed.map((key): Completion => {
    const path = [...map, key.key];
    const snippet = place.hasColon ? keyed(key.key, writing) : `${keyed(key.key, writing)}:${opening(key, writing)}`;
    return {
      ...made(words.includes(key.key) ? `${dash}${key.key}:` : `${dash}${key.key}`, key.key, snippet, path, writing),
      kind: 'key',
      detail: [detailOf(key), told.find(({ text }) => text === key.key)?.detail].filter(Boolean).join(', '),
      // The word alone is what is mostly meant.
      rank: dash ? 7 : key.required ? 0 : words.includes(key.key) ? 3 : 1,
      more: !place.hasColon,
    };
  });
  const names = namesAt(map, known).filter(free);
  const named = names.map((name): Completion => {
    const colon = place.hasColon ? '' : place.flow ? ': { $0 }' : nested(writing);
    const snippet = `${keyed(name, writing)}${colon}`;
    return { ...made(name, name, snippet, [...map, name], writing), kind: 'key', detail: 'name', rank: 1, more: true };
  });
  const sections = snippetsAt(map, document).filter(({ key }) => free(key));
  const asSections = (place.hasColon || dash ? [] : sections).map((section): Completion => {
    const { key, label, data } = section;
    const body = written(data, style, column, place.flow && !style.json);
    const snippet = `${keyed(key, writing)}:${body}`;
    const detail = sectionDetail(section, writing, 'section');
    return { ...made(label, key, snippet, [...map, key], writing), kind: 'snippet', detail, rank: 5 };
  });
  return [...fromSchema, ...named, ...asSections];
}

function values(path: ManifestPath, others: readonly string[], writing: Writing): Completion[] {
  const { document, known, place, style, dash } = writing;
  const described = describePath(path);
  if (!described) return [];
  const bracket = (body: string): string => (writing.bracketed ? `[${body}]` : body);
  const item = (text: string, body: string, detail: string, kind: Completion['kind'], rank: number): Completion => ({
    ...made(`${dash}${text}`, text, bracket(body), path, writing),
    ...{ kind, detail, rank: dash ? rank + 4 : rank },
  });
  const scalar = (text: string): string => quotedAs(text, place.quote, style);
  const words = (described.values ?? []).filter((value) => !others.includes(String(value)));
  const rule = ruleAt(path);
  const sourced = candidatesAt({ path, head: place.head, document, known }).filter(
    ({ text }) => !others.includes(text),
  );
  const units = rule ? unitsAt(rule, place.head, described) : [];
  const list: Candidate[] = [...sourced, ...units].filter(({ text }, at, all) => firstOf(text, all) === at);
  return [
    ...words.map((value) => {
      const body = typeof value === 'string' ? scalar(value) : String(value);
      const usual = String(value) === String(described.default) ? 'default' : '';
      const known = list.find(({ text }) => text === String(value))?.detail ?? '';
      return item(String(value), body, [usual, known].filter(Boolean).join(', '), 'word', 2);
    }),
    ...list.map(({ text, detail, kind, bare }) => item(text, bare ? text : scalar(text), detail, kind, 2)),
    ...(dash ? [] : valueSections(path, writing)),
    // Behind the colon of a list, its only entry for now.
    ...(place.value && !dash && !place.quote && !place.startsLine && isList(path)
      ? values([...path, 0], [], { ...writing, bracketed: true })
      : []),
  ];
}

/** Whole values for a key whose value is being begun, below it or on its line, and maps for an entry in brackets. */
function valueSections(path: ManifestPath, writing: Writing): Completion[] {
  const { document, place, style, column, bracketed } = writing;
  if (place.head !== '' || place.quote || bracketed || (place.onDash && !place.flow)) return [];
  const below = place.startsLine && !place.flow && !style.json;
  const sections = typeof path.at(-1) === 'number' ? entriesAt(path, document) : sectionsFor(path, document);
  return sections.map((section) => {
    const body = below ? block(section.data, style, column) : inline(section.data, style);
    const detail = sectionDetail(section, writing, 'section');
    return {
      ...made(section.label, section.key, body, path, writing),
      ...{ kind: 'snippet' as const, detail, rank: 5 },
    };
  });
}

function sectionsFor(path: ManifestPath, document: ManifestDocument): Section[] {
  return snippetsAt(path.slice(0, -1), document).filter(({ key }) => key === path.at(-1));
}

function made(label: string, filter: string, snippet: string, path: ManifestPath, writing: Writing): Completion {
  const { place, dash } = writing;
  return {
    ...{ label, path, kind: 'word', detail: '', rank: 3, more: false },
    filter: place.quote + filter,
    snippet: `${place.gap ? ' ' : ''}${dash}${snippet}${commaBehind(writing)}`,
    span: place.span,
    extra: commaBefore(writing),
  };
}

/** What follows a key: a value on its line, or a map or list below it, in the file's own style. */
function opening(key: KeyDescription, writing: Writing): string {
  const { place, style, column } = writing;
  const types = key.type.split(' | ');
  const only = (...allowed: string[]): boolean => types.every((type) => allowed.includes(type));
  if (place.flow || style.json) {
    if (only('map')) return ' { $0 }';
    if (only('list')) return ' [$0]';
    return style.json && !types.includes('number') && !types.includes('boolean') ? ' "$0"' : ' $0';
  }
  if (!place.startsLine || !only('map', 'list')) return ' $0';
  if (only('map')) return `${style.eol}${' '.repeat(column + style.size)}$0`;
  return `${style.eol}${' '.repeat(column + style.listIndent)}${style.dash}$0`;
}

function nested({ style, column }: Writing): string {
  return `:${style.eol}${' '.repeat(column + style.size)}$0`;
}

/** A key with the quotes that it has, or that JSON wants. */
function keyed(key: string, { place, style }: Writing): string {
  const text = place.quote ? `${place.quote}${key}${place.quote}` : keyText(key, style);
  return literal(text);
}

function quotedAs(text: string, quote: Place['quote'], style: Style): string {
  if (quote === "'" && !style.json) return literal(`'${text.replaceAll("'", "''")}'`);
  return literal(quote ? JSON.stringify(text) : textOf(text, style));
}

/** JSON and brackets want a comma between entries; the editor's person should not have to. */
function commaBehind({ document, place }: Writing): string {
  if (!document.context.json || place.hasColon) return '';
  const rest = document.context.source.slice(place.span[1]);
  return /^\s*["{[\d]/.test(rest) ? ',' : '';
}

function commaBefore({ document, place }: Writing): { offset: number; newText: string }[] {
  if (!document.context.json || place.hasColon || !place.key) return [];
  const before = document.context.source.slice(0, place.span[0]).trimEnd();
  return /[{[,:]$/.test(before) || before === '' ? [] : [{ offset: before.length, newText: ',' }];
}

function detailOf(key: KeyDescription): string {
  const fallback =
    key.default === undefined || typeof key.default === 'object' ? '' : `, default ${String(key.default)}`;
  return key.required ? `${key.type}, required` : `${key.type}${fallback}`;
}

function firstOf(text: string, all: readonly Candidate[]): number {
  return all.findIndex((candidate) => candidate.text === text);
}

function lineStartOf(text: string, offset: number): number {
  return Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
}
