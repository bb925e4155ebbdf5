import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';

export interface ManifestSymbol {
  name: string;
  /** A short value beside the name. */
  detail: string;
  kind: 'map' | 'list' | 'value';
  span: readonly [start: number, end: number];
  nameSpan: readonly [start: number, end: number];
  children: ManifestSymbol[];
}

/** The outline: keys with their short values, entries of lists by what tells them apart. */
export function symbols({ doc }: ManifestDocument): ManifestSymbol[] {
  return doc.contents ? childrenOf(doc.contents as Node) : [];
}

const maxDetail = 60;

function childrenOf(node: unknown): ManifestSymbol[] {
  if (isMap(node)) return node.items.flatMap((pair) => fromPair(pair as Pair<Node, Node | null>));
  if (isSeq(node)) return node.items.flatMap((item) => (isMap(item) ? fromItem(item as Node) : []));
  return [];
}

function fromPair({ key, value }: Pair<Node, Node | null>): ManifestSymbol[] {
  const nameRange = key?.range;
  if (!isScalar(key) || !nameRange) return [];
  const end = Math.max(value?.range?.[1] ?? nameRange[1], nameRange[1]);
  return [
    {
      name: String(key.value) || '""',
      detail: detailOf(value),
      kind: isMap(value) ? 'map' : isSeq(value) ? 'list' : 'value',
      span: [nameRange[0], end],
      nameSpan: [nameRange[0], nameRange[1]],
      children: childrenOf(value),
    },
  ];
}

function fromItem(item: Node): ManifestSymbol[] {
  const range = item.range;
  const children = childrenOf(item);
  const [first] = children;
  if (!range || !first) return [];
  const name = first.detail ? `${first.name} ${first.detail}` : first.name;
  return [{ name, detail: '', kind: 'map', span: [range[0], range[1]], nameSpan: first.nameSpan, children }];
}

function detailOf(value: unknown): string {
  if (isScalar(value)) return String(value.value ?? '').slice(0, maxDetail);
  if (isSeq(value) && value.items.every(isScalar))
    return value.items
      .map((item) => String((item as { value: unknown }).value))
      .join(', ')
      .slice(0, maxDetail);
  return '';
}
