/** Where in a manifest a place in its text is. Works on half-typed text, from the syntax tree and never from patterns. */
import { type Document, isMap, isPair, isScalar, isSeq, type Pair, parseDocument, type Scalar, visit } from 'yaml';

export type ManifestPath = (string | number)[];

export interface Place {
  /** A key is being written in the map at `path`, or a value at `path`. */
  kind: 'key' | 'value';
  path: ManifestPath;
  /** Keys that the map has already, without the one being written. */
  siblings: string[];
  /** Offsets of the word around the cursor. */
  word: readonly [start: number, end: number];
  /** Columns in front of the word. */
  column: number;
  /** True when the word is first on its line, so that a key or a list may begin here. */
  startsLine: boolean;
  /** Text follows the word on its line, such as the colon of a key. */
  hasColon: boolean;
}

// A word that no manifest has, and that YAML reads as plain text wherever text may stand.
const cursor = 'minicloud__cursor';

/**
 * What the cursor is about to write: the word around it is replaced by a marker, the text parsed again, and the marker
 * looked up. So every style of indentation, flow or block, is understood as the parser understands it.
 */
export function locateCursor(text: string, offset: number): Place | undefined {
  const word = wordAround(text, offset);
  const lineStart = Math.max(text.lastIndexOf('\n', word[0] - 1), text.lastIndexOf('\r', word[0] - 1)) + 1;
  const before = text.slice(lineStart, word[0]);
  if (before.includes('#')) return undefined;
  const hasColon = text[word[1]] === ':';
  const startsLine = /^[\s-]*$/.test(before);
  const found = find(text, word, cursor) ?? (startsLine && !hasColon ? find(text, word, `${cursor}:`) : undefined);
  return found && { ...found, word, column: before.length, startsLine, hasColon };
}

/** Where the marker ends up. With a colon it is a key, where without one it would run on into the next line's text. */
function find(
  text: string,
  [start, end]: Place['word'],
  marker: string,
): Pick<Place, 'kind' | 'path' | 'siblings'> | undefined {
  let found: Pick<Place, 'kind' | 'path' | 'siblings'> | undefined;
  visit(parse(text.slice(0, start) + marker + text.slice(end)), {
    Scalar(key, node, ancestors) {
      if (node.value !== cursor) return undefined;
      const path = pathOf(ancestors as unknown[], key);
      const map = ancestors.at(-2);
      const siblings = key === 'key' && isMap(map) ? map.items.map(keyOf).filter((name) => name !== cursor) : [];
      found = { kind: key === 'key' ? 'key' : 'value', path, siblings };
      return visit.BREAK;
    },
  });
  return found;
}

export interface Hit {
  path: ManifestPath;
  /** Offsets of the key, or of the value for items of lists. */
  span: readonly [start: number, end: number];
  onKey: boolean;
}

/** The innermost key or value under an offset. */
export function locateNode(doc: Document | Document.Parsed, offset: number): Hit | undefined {
  let hit: Hit | undefined;
  visit(doc, {
    Scalar(key, node, ancestors) {
      const range = node.range;
      if (!range || offset < range[0] || offset > range[1] || range[0] === range[1]) return undefined;
      const path = pathOf(ancestors as unknown[], key);
      hit = {
        path: key === 'key' ? [...path, String((node as Scalar).value)] : path,
        span: [range[0], range[1]],
        onKey: key === 'key',
      };
      return visit.BREAK;
    },
  });
  return hit;
}

/** Never throws on a broken text, and compares no keys: duplicates are not its business. */
function parse(text: string): Document {
  return parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
}

/** For a key the path of its map, for a value its own. */
function pathOf(ancestors: readonly unknown[], key: string | number | null): ManifestPath {
  const path: ManifestPath = [];
  for (const [index, ancestor] of ancestors.entries()) {
    const child = ancestors[index + 1];
    const isLast = index === ancestors.length - 1;
    if (isPair(ancestor) && !(isLast && key === 'key')) path.push(keyOf(ancestor));
    else if (isSeq(ancestor)) path.push(isLast ? Number(key) : ancestor.items.indexOf(child as never));
  }
  return path;
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

/** A hyphen belongs to a word inside it, as in `stop-first`, and begins a list entry elsewhere. */
function wordAround(text: string, offset: number): [start: number, end: number] {
  const isWord = (at: number): boolean => /[\w.]/.test(text[at] ?? '');
  let start = offset;
  while (isWord(start - 1) || (text[start - 1] === '-' && isWord(start - 2))) start -= 1;
  let end = offset;
  while (isWord(end) || (end > start && text[end] === '-' && isWord(end + 1))) end += 1;
  return [start, end];
}
