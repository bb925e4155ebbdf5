import { maskLine } from 'minicloud-shared/manifest/mask';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';

export type SymbolSort =
  | 'app'
  | 'route'
  | 'process'
  | 'support'
  | 'need'
  | 'job'
  | 'variable'
  | 'secret'
  | 'map'
  | 'list'
  | 'value';

export interface ManifestSymbol {
  name: string;
  /** A short value beside the name. */
  detail: string;
  kind: SymbolSort;
  span: readonly [start: number, end: number];
  nameSpan: readonly [start: number, end: number];
  children: ManifestSymbol[];
}

/** The outline: keys with their short values, entries of lists by what tells them apart. */
export function symbols({ doc }: ManifestDocument): ManifestSymbol[] {
  return doc.contents ? childrenOf(doc.contents as Node, '', '') : [];
}

const maxDetail = 60;
/** Deeper than any manifest goes; a file of brackets must not end the server. */
const maxDepth = 60;

/** Of what sort the children of a section are. */
const sorts: Partial<Record<string, SymbolSort>> = {
  expose: 'route',
  processes: 'process',
  support: 'support',
  needs: 'need',
  jobs: 'job',
  env: 'variable',
  secrets: 'secret',
};

function childrenOf(node: unknown, section: string, key: string, depth = 0): ManifestSymbol[] {
  if (depth > maxDepth) return [];
  const sort = section === '' ? sorts[key] : undefined;
  if (isMap(node)) return node.items.flatMap((pair) => fromPair(pair as Pair<Node, Node | null>, key, sort, depth));
  if (isSeq(node)) return node.items.flatMap((item) => fromItem(item, key, sort, depth));
  return [];
}

function fromPair(
  { key, value }: Pair<Node, Node | null>,
  section: string,
  sort: SymbolSort | undefined,
  depth: number,
): ManifestSymbol[] {
  const nameRange = key?.range;
  if (!isScalar(key) || !nameRange) return [];
  const end = Math.max(value?.range?.[1] ?? nameRange[1], nameRange[1]);
  const name = String(key.value);
  const own: SymbolSort = isMap(value) ? 'map' : isSeq(value) ? 'list' : 'value';
  return [
    {
      name: name || '""',
      detail: detailOf(value),
      kind: sort ?? (depth === 0 && name === 'name' ? 'app' : own),
      span: [nameRange[0], end],
      nameSpan: [nameRange[0], nameRange[1]],
      children: childrenOf(value, section, name, depth + 1),
    },
  ];
}

function fromItem(item: unknown, section: string, sort: SymbolSort | undefined, depth: number): ManifestSymbol[] {
  const range = (item as Node | null)?.range;
  if (!range) return [];
  const span = [range[0], range[1]] as const;
  // Words of a list are in the outline where they stand for something; elsewhere they are a value.
  if (isScalar(item) && sort) {
    return [{ name: String(item.value ?? '') || '""', detail: '', kind: sort, span, nameSpan: span, children: [] }];
  }
  const children = childrenOf(item, section, section, depth + 1);
  const first = children.find(({ name }) => name === 'name') ?? children[0];
  if (!isMap(item) || !first) return [];
  const name = first.name === 'name' && first.detail ? first.detail : `${first.name} ${first.detail}`.trim();
  const domains = children.find((child) => child.name === 'domains')?.detail ?? '';
  return [{ name, detail: domains, kind: sort ?? 'map', span, nameSpan: first.nameSpan, children }];
}

function detailOf(value: unknown): string {
  const short = (text: string): string => maskLine(text).slice(0, maxDetail);
  if (isScalar(value)) return short(String(value.value ?? ''));
  if (isSeq(value) && value.items.every(isScalar)) {
    return short(value.items.map((item) => String((item as { value: unknown }).value)).join(', '));
  }
  return '';
}
