/** The nesting of a manifest as ranges: what folds, and what a selection grows over. */
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { positionAt } from 'minicloud-shared/manifest/source';
import { isMap, isScalar, isSeq, type Node } from 'yaml';

export interface Fold {
  /** Zero-based lines, the last one included. */
  startLine: number;
  endLine: number;
  comment: boolean;
}

/** Maps, lists, texts and comments of more than one line. */
export function folds(document: ManifestDocument): Fold[] {
  const { source } = document.context;
  const line = (offset: number): number => positionAt(document.lines, offset).line;
  const found = new Map<number, Fold>();
  const add = (start: number, end: number, comment: boolean): void => {
    const [startLine, endLine] = [line(start), line(end)];
    const before = found.get(startLine);
    if (endLine > startLine && (before?.endLine ?? -1) < endLine) found.set(startLine, { startLine, endLine, comment });
  };
  for (const { from, to } of blocks(document)) add(from, trimmedEnd(source, from, to), false);
  for (const match of source.matchAll(/^[ \t]*#.*(?:\r?\n[ \t]*#.*)+/gm)) {
    add(match.index, match.index + match[0].length, true);
  }
  return [...found.values()].sort((a, b) => a.startLine - b.startLine);
}

/** The spans around an offset, from the innermost scalar to the whole file. */
export function selections(document: ManifestDocument, offset: number): (readonly [start: number, end: number])[] {
  const { source } = document.context;
  const found: [number, number][] = [[0, source.length]];
  const add = (start: number, end: number): void => {
    const last = found.at(-1) ?? [0, source.length];
    const inside = offset >= start && offset <= end && start >= last[0] && end <= last[1];
    if (inside && (start !== last[0] || end !== last[1]) && end > start) found.push([start, end]);
  };
  const walk = (node: unknown): void => {
    const range = rangeOf(node);
    if (!range) return;
    const end = trimmedEnd(source, range[0], range[1]);
    add(range[0], end);
    if (isScalar(node) && /^QUOTE/.test(node.type ?? '')) add(range[0] + 1, end - 1);
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        const start = rangeOf(key)?.[0];
        const last = rangeOf(value)?.[1] ?? rangeOf(key)?.[1];
        if (start === undefined || last === undefined || offset < start || offset > last) continue;
        add(start, trimmedEnd(source, start, last));
        const onKey = offset <= (rangeOf(key)?.[1] ?? -1);
        walk(onKey ? key : value);
        return;
      }
    }
    if (isSeq(node)) {
      for (const item of node.items) {
        const around = rangeOf(item);
        if (around && offset >= around[0] && offset <= around[1]) {
          walk(item);
          return;
        }
      }
    }
  };
  walk(document.doc.contents);
  return found.reverse();
}

/** Keys with what is below them, and entries of lists. */
function blocks(document: ManifestDocument): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  const walk = (node: unknown): void => {
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        const from = rangeOf(key)?.[0];
        const to = rangeOf(value)?.[1];
        if (from !== undefined && to !== undefined) found.push({ from, to });
        walk(value);
      }
    } else if (isSeq(node)) {
      for (const item of node.items) {
        const range = rangeOf(item);
        if (range) found.push({ from: range[0], to: range[1] });
        walk(item);
      }
    }
  };
  walk(document.doc.contents);
  const whole = rangeOf(document.doc.contents);
  return whole && (document.doc.contents as { flow?: boolean }).flow
    ? [{ from: whole[0], to: whole[1] }, ...found]
    : found;
}

/** The end without the line ends and comments that YAML counts to a block. */
export function trimmedEnd(source: string, start: number, end: number): number {
  let last = start + source.slice(start, end).trimEnd().length;
  for (;;) {
    const lineStart = source.lastIndexOf('\n', last - 1) + 1;
    if (lineStart <= start || !/^[ \t]*#/.test(source.slice(lineStart, last))) return last;
    last = start + source.slice(start, lineStart).trimEnd().length;
  }
}

function rangeOf(node: unknown): readonly [number, number, number] | undefined {
  return (node as Node | null | undefined)?.range ?? undefined;
}
