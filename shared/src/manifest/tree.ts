/** The manifest as a tree of maps, lists and scalars that know where they stand in the text. */
import { type Document, isAlias, isMap, isScalar, isSeq, type Pair, type Scalar } from 'yaml';
import { formatPath, type Path, pathKey } from './path.ts';
import type { Finding } from './report.ts';
import type { Span } from './source.ts';

interface NodeBase {
  path: Path;
  /** The value in the text. */
  span: Span;
  /** The key in front of it, for values of maps. */
  key?: Span;
}
export interface MapNode extends NodeBase {
  kind: 'map';
  entries: Map<string, TreeNode>;
  /** Written with braces. */
  flow: boolean;
}
export interface ListNode extends NodeBase {
  kind: 'list';
  items: TreeNode[];
  flow: boolean;
}
export interface ScalarNode extends NodeBase {
  kind: 'scalar';
  value: string | number | boolean | null;
  /** Not in quotes: YAML decided what type it has. */
  plain: boolean;
  /** As it stands in the text. */
  source: string;
}
export type TreeNode = MapNode | ListNode | ScalarNode;

export interface Tree {
  root: TreeNode | undefined;
  findings: Finding[];
  /** By `pathKey`. A misspelled key is there under the key that was meant, too. */
  nodes: Map<string, TreeNode>;
}

/** The document's tree; aliases, merge keys, duplicate and impossible keys are reported and left out. */
export function buildTree(doc: Document, text: string): Tree {
  const tree: Tree = { root: undefined, findings: [], nodes: new Map() };
  tree.root = convert(doc.contents, [], undefined, [0, text.length], { tree, text });
  return tree;
}

/** The node at a path, if there is one. */
export function nodeAt(tree: Tree, path: Path): TreeNode | undefined {
  return tree.nodes.get(pathKey(path));
}

interface Building {
  tree: Tree;
  text: string;
}

function convert(node: unknown, path: Path, key: Span | undefined, fallback: Span, to: Building): TreeNode | undefined {
  const base: NodeBase = { path, span: spanOf(node) ?? fallback, ...(key ? { key } : {}) };
  let result: TreeNode | undefined;
  if (isMap(node)) {
    const map: MapNode = { ...base, kind: 'map', entries: new Map(), flow: node.flow === true };
    result = map;
    to.tree.nodes.set(pathKey(path), map);
    for (const pair of node.items) addEntry(map, pair, to);
  } else if (isSeq(node)) {
    const list: ListNode = { ...base, kind: 'list', items: [], flow: node.flow === true };
    result = list;
    to.tree.nodes.set(pathKey(path), list);
    for (const [index, item] of node.items.entries()) {
      const child = convert(item, [...path, index], undefined, list.span, to);
      // An alias was reported by the lexer; a null in its place keeps the indices of the others right.
      list.items.push(
        child ?? {
          kind: 'scalar',
          path: [...path, index],
          span: spanOf(item) ?? list.span,
          value: null,
          plain: true,
          source: '*',
        },
      );
    }
  } else if (isScalar(node)) {
    result = scalarNode(node, base, to);
    to.tree.nodes.set(pathKey(path), result);
  } else if (!isAlias(node) && node === null && path.length > 0) {
    result = { ...base, kind: 'scalar', value: null, plain: true, source: '' };
    to.tree.nodes.set(pathKey(path), result);
  }
  return result;
}

function addEntry(map: MapNode, pair: Pair, to: Building): void {
  const keyNode = pair.key;
  const keySpan = spanOf(keyNode) ?? spanOf(pair.value) ?? map.span;
  if (!isScalar(keyNode) || keyNode.value === null) {
    // An alias as a key was reported by the lexer already.
    if (!isAlias(keyNode)) {
      report(to, 'manifest/key', 'A key is missing or is not plain text here; write name: value.', keySpan, map.path);
    }
    return;
  }
  const name = typeof keyNode.value === 'string' ? keyNode.value : to.text.slice(keySpan[0], keySpan[1]);
  const path = [...map.path, name];
  if (name === '<<') {
    const message = 'The merge key << is not allowed in a manifest; write the keys out here.';
    report(to, 'manifest/merge-key', message, keySpan, map.path);
    return;
  }
  if (name === '__proto__') {
    report(to, 'manifest/key', 'The key __proto__ is not allowed; choose another name.', keySpan, map.path);
    return;
  }
  const first = map.entries.get(name);
  if (first) {
    to.tree.findings.push({
      code: 'manifest/duplicate-key',
      message: `${formatPath(path)} is written twice; keep one of them.`,
      span: keySpan,
      path,
      related: [{ message: 'It is written here first.', span: first.key ?? first.span }],
    });
    return;
  }
  const value = convert(pair.value, path, keySpan, [keySpan[1], keySpan[1]], to);
  if (value) map.entries.set(name, value);
}

function scalarNode(node: Scalar, base: NodeBase, to: Building): ScalarNode {
  const source = to.text.slice(base.span[0], base.span[1]);
  const plain = node.type === 'PLAIN' || node.type === undefined;
  const { value } = node;
  if (typeof value === 'string' && /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(value)) {
    const message = `${formatPath(base.path)} holds a control character, which no variable or argument can carry; remove it.`;
    report(to, 'manifest/character', message, base.span, base.path);
  }
  const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return { ...base, kind: 'scalar', value: known ? value : null, plain, source };
}

function report(to: Building, code: string, message: string, span: Span, path: Path): void {
  to.tree.findings.push({ code, message, span, path });
}

function spanOf(node: unknown): Span | undefined {
  const range = (node as { range?: readonly number[] | null } | null)?.range;
  if (range?.[0] === undefined || range[1] === undefined) return undefined;
  return [range[0], Math.max(range[0], range[1])];
}
