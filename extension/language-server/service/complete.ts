/** What may be written at a place of a manifest: keys that are not there yet, words to choose from. */
import { describePath, type KeyDescription, type PathDescription } from 'minicloud-shared/manifest/describe';
import { locateCursor, type Place } from './locate.ts';

export interface Completion {
  label: string;
  kind: 'key' | 'word';
  /** Type and default in a few words. */
  detail: string;
  description: string;
  required: boolean;
  /** Snippet: `$0` is where the cursor goes, lines after the first have their indentation. */
  snippet: string;
  /** Offsets that the snippet replaces. */
  span: readonly [start: number, end: number];
  /** The next thing to choose is offered at once. */
  more: boolean;
}

export interface Indentation {
  /** Spaces of one level. */
  size: number;
  eol: string;
}

export function complete(text: string, offset: number, indentation: Indentation): Completion[] {
  const place = locateCursor(text, offset);
  if (!place) return [];
  const here = describePath(place.path);
  if (!here) return [];
  if (place.kind === 'key') return keys(here.keys ?? [], place, indentation);
  // After `key: ` a map can't begin; on a line of its own it can.
  const begun = place.startsLine ? keys(here.keys ?? [], place, indentation) : [];
  const items = place.startsLine && here.items && !onDash(text, place) ? listItems(here.items, place) : [];
  return [...words(here, place), ...items, ...begun];
}

function keys(list: readonly KeyDescription[], place: Place, indentation: Indentation): Completion[] {
  return list
    .filter(({ key }) => !place.siblings.includes(key))
    .map((key) => ({
      label: key.key,
      kind: 'key',
      detail: detailOf(key),
      description: key.description,
      required: key.required,
      snippet: place.hasColon ? key.key : `${key.key}:${opening(key, place, indentation)}`,
      span: place.word,
      more: !place.hasColon,
    }));
}

/** What follows a key: a value on its line, or a map or list below it, in the file's own indentation. */
function opening(key: KeyDescription, place: Place, { size, eol }: Indentation): string {
  const types = key.type.split(' | ');
  const below = types.every((type) => type === 'map' || type === 'list') && place.startsLine;
  if (!below) return ' $0';
  const margin = ' '.repeat(place.column + (types.includes('list') ? 0 : size));
  return `${eol}${margin}${types.includes('list') ? '- ' : ''}$0`;
}

function words(here: PathDescription, place: Place): Completion[] {
  return (here.values ?? []).map((value) => ({
    label: String(value),
    kind: 'word',
    detail: String(value) === String(here.default) ? 'default' : '',
    description: here.description,
    required: false,
    snippet: String(value),
    span: place.word,
    more: false,
  }));
}

function listItems(items: NonNullable<PathDescription['items']>, place: Place): Completion[] {
  const each = [...(items.values ?? []).map(String), ...(items.keys ?? []).map(({ key }) => `${key}: `)];
  return each.map((text) => ({
    label: `- ${text.trim()}`,
    kind: 'word',
    detail: 'entry',
    description: '',
    required: false,
    snippet: `- ${text}$0`,
    span: place.word,
    more: text.endsWith(' '),
  }));
}

function onDash(text: string, place: Place): boolean {
  return /-\s*$/.test(text.slice(place.word[0] - place.column, place.word[0]));
}

function detailOf(key: KeyDescription): string {
  const fallback =
    key.default === undefined || typeof key.default === 'object' ? '' : `, default ${String(key.default)}`;
  return key.required ? `${key.type}, required` : `${key.type}${fallback}`;
}
