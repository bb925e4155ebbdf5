/**
 * Holds the tree against the schema: unknown, missing and misshapen parts, each with a range and, where one can be
 * told, a fix.
 *
 * What was probably meant is what goes on: a misspelled key is read as the key it resembles, a value with an obvious
 * fix as if it were applied. So everything that would be wrong after the fixes is said at once, too.
 */
import * as z from 'zod';
import { checkScalar, checkTextual, emptyValue } from './check-scalar.ts';
import { advise, alternatives, choices, defaultOf, field, fields, inner, isRequired, typeLabel } from './introspect.ts';
import { formatPath, type Path, pathKey } from './path.ts';
import { type Finding, maxDiagnostics } from './report.ts';
import { scalarRules, textual } from './schema-scalars.ts';
import { firstLine, type Span } from './source.ts';
import { closest } from './suggest.ts';
import type { ListNode, MapNode, Tree, TreeNode } from './tree.ts';
import { elsewhere, synonyms } from './words.ts';

export interface Checking {
  tree: Tree;
  text: string;
  findings: Finding[];
  /** The text has syntax errors: what seems missing may only be unreadable. */
  broken: boolean;
  /** Written as JSON: new text has to be JSON, too. */
  json: boolean;
}

/** What a node holds by a schema, with defaults filled in and unusable parts left out; findings are collected. */
export function check(schema: z.ZodType, node: TreeNode, to: Checking): unknown {
  const bare = inner(schema);
  if (node.kind === 'scalar' && node.value === null) return emptyValue(schema, node, to);
  if (bare instanceof z.ZodUnion) return checkUnion(bare, node, to);
  if (bare instanceof z.ZodObject)
    return node.kind === 'map' ? checkObject(bare, node, to) : mismatch(schema, node, to);
  if (bare instanceof z.ZodRecord)
    return node.kind === 'map' ? checkRecord(bare, node, to) : mismatch(schema, node, to);
  if (bare instanceof z.ZodArray)
    return node.kind === 'list' ? checkList(bare, node, to) : wrapped(bare, schema, node, to);
  return node.kind === 'scalar' ? checkScalar(bare, node, to) : mismatch(bare, node, to);
}

function checkUnion(schema: z.ZodUnion, node: TreeNode, to: Checking): unknown {
  const options = alternatives(schema);
  if (node.kind === 'list') {
    const list = options.find((option) => option instanceof z.ZodArray);
    return list ? checkList(list, node, to) : mismatch(schema, node, to);
  }
  if (node.kind === 'scalar') {
    if (textual.get(schema)) return checkTextual(node, to);
    const scalar = options.find((option) => !isContainer(option));
    return scalar ? checkScalar(scalar, node, to, schema) : mismatch(schema, node, to);
  }
  const maps = options.filter((option) => option instanceof z.ZodObject);
  const chosen = chooseMap(maps, [...node.entries.keys()]);
  return chosen ? checkObject(chosen, node, to, maps) : mismatch(schema, node, to);
}

/** The alternative that the first key with a meaning belongs to. */
function chooseMap(maps: z.ZodObject[], keys: string[]): z.ZodObject | undefined {
  for (const key of keys) {
    const exact = maps.find((map) => field(map, key));
    if (exact) return exact;
  }
  const known = maps.flatMap((map) => Object.keys(map.shape));
  for (const key of keys) {
    const meant = closest(key, known);
    const near = meant === undefined ? undefined : maps.find((map) => field(map, meant));
    if (near) return near;
  }
  return undefined;
}

function checkObject(schema: z.ZodObject, node: MapNode, to: Checking, siblings: z.ZodObject[] = []): unknown {
  const value: Record<string, unknown> = {};
  const put = (key: string, known: z.ZodType, child: TreeNode): void => {
    const checked = check(known, child, to);
    if (checked !== undefined) value[key] = checked;
  };
  const seen = new Set([...node.entries.keys()].filter((key) => field(schema, key)));
  for (const [key, child] of node.entries) {
    const known = field(schema, key);
    if (known) put(key, known, child);
    else {
      const meant = unknownKey(schema, node, key, child, seen, siblings, to);
      const meantSchema = meant === undefined ? undefined : field(schema, meant);
      if (meant === undefined || !meantSchema) continue;
      seen.add(meant);
      alias(to.tree, child, [...node.path, meant]);
      put(meant, meantSchema, child);
    }
  }
  for (const [key, known] of fields(schema)) {
    if (seen.has(key)) continue;
    if (isRequired(known)) missing(known, node, key, to);
    else {
      const filled = defaultOf(known);
      if (filled !== undefined) value[key] = filled;
    }
  }
  return value;
}

function checkRecord(schema: z.ZodRecord, node: MapNode, to: Checking): unknown {
  const value: Record<string, unknown> = {};
  const keySchema = schema.keyType as unknown as z.ZodType;
  const rule = scalarRules.get(keySchema);
  for (const [key, child] of node.entries) {
    let name: string | undefined = key;
    if (!keySchema.safeParse(key).success) {
      const meant = rule?.suggest?.(key);
      name =
        typeof meant === 'string' && keySchema.safeParse(meant).success && !node.entries.has(meant) ? meant : undefined;
      const span = child.key ?? child.span;
      to.findings.push({
        code: rule?.code ?? 'manifest/key',
        message: `${formatPath(child.path)} has an impossible name; ${rule?.says ?? 'write another one'}.`,
        span,
        path: child.path,
        ...(name === undefined ? {} : { fix: renameFix(name, span, to) }),
      });
      if (name !== undefined) alias(to.tree, child, [...node.path, name]);
    }
    const checked = check(schema.valueType as z.ZodType, child, to);
    if (checked !== undefined && name !== undefined && !Object.hasOwn(value, name)) value[name] = checked;
  }
  return value;
}

function checkList(schema: z.ZodArray, node: ListNode, to: Checking): unknown {
  const element = schema.element as z.ZodType;
  const items = node.items.map((item) => check(element, item, to));
  if (items.length === 0 && !schema.safeParse([]).success) {
    to.findings.push({
      code: 'manifest/list-empty',
      message: `${formatPath(node.path)} is empty; write at least one entry, or remove the key.`,
      span: node.span,
      path: node.path,
    });
    return undefined;
  }
  return items;
}

/** One value where a list is meant: good enough to say so and go on as if it stood in brackets. */
function wrapped(schema: z.ZodArray, whole: z.ZodType, node: TreeNode, to: Checking): unknown {
  if (node.kind !== 'scalar') return mismatch(whole, node, to);
  const element = schema.element as z.ZodType;
  const findings: Finding[] = [];
  const item = check(element, node, { ...to, findings });
  if (findings.length > 0 || item === undefined) return mismatch(whole, node, to);
  to.findings.push({
    code: 'manifest/type',
    message: `${formatPath(node.path)} is a single value; write a list: [${node.source}].`,
    span: node.span,
    path: node.path,
    fix: { title: `Write [${node.source}]`, edits: [{ span: node.span, newText: `[${node.source}]` }] },
  });
  alias(to.tree, node, [...node.path, 0]);
  return [item];
}

function mismatch(schema: z.ZodType, node: TreeNode, to: Checking): undefined {
  const rule = scalarRules.get(inner(schema));
  const is = node.kind === 'map' ? 'a map' : node.kind === 'list' ? 'a list' : 'a single value';
  to.findings.push({
    code: 'manifest/type',
    message: `${formatPath(node.path) || 'The manifest'} is ${is}; ${rule ? rule.says : advise(schema)}.`,
    span: firstLine(to.text, node.span),
    path: node.path,
  });
  return undefined;
}

function unknownKey(
  schema: z.ZodObject,
  node: MapNode,
  key: string,
  child: TreeNode,
  seen: ReadonlySet<string>,
  siblings: readonly z.ZodObject[],
  to: Checking,
): string | undefined {
  const known = Object.keys(schema.shape);
  const free = known.filter((name) => !seen.has(name));
  const synonym = synonyms.get(key);
  // Nobody sees what comes after what is shown; to look for what was meant there would take seconds.
  const shown = to.findings.length < maxDiagnostics;
  const meant = synonym !== undefined && free.includes(synonym) ? synonym : shown ? closest(key, free) : undefined;
  const span = child.key ?? child.span;
  const place = formatPath(node.path);
  const subject = `${formatPath(child.path)} is not a key that ${place === '' ? 'a manifest' : place} has`;
  const inSibling = siblings.find((sibling) => sibling !== schema && field(sibling, key));
  const advice =
    meant !== undefined
      ? `did you mean ${meant}?`
      : inSibling
        ? `write it as a list entry of its own: - ${key}.`
        : `${elsewhere(key, node.path) ?? `it has ${known.join(', ')}`}.`;
  to.findings.push({
    code: 'manifest/unknown-key',
    message: `${subject}; ${advice}`,
    span,
    path: child.path,
    ...(meant === undefined ? {} : { fix: renameFix(meant, span, to) }),
  });
  return meant;
}

function renameFix(name: string, span: Span, to: Checking): NonNullable<Finding['fix']> {
  const quote = /^["']/.exec(to.text.slice(span[0], span[1]))?.[0] ?? '';
  return { title: `Change to ${name}`, edits: [{ span, newText: `${quote}${name}${quote}` }] };
}

function missing(schema: z.ZodType, node: MapNode, key: string, to: Checking): void {
  if (to.broken) return;
  const path = [...node.path, key];
  const rule = scalarRules.get(inner(schema));
  const first = node.entries.values().next().value;
  // The whole manifest has no key of its own to mark; its first one stands for it.
  const span =
    node.path.length === 0
      ? (first?.key ?? firstLine(to.text, node.span))
      : (node.key ?? firstLine(to.text, node.span));
  const allowed = choices(schema);
  to.findings.push({
    code: 'manifest/missing-key',
    message: `${formatPath(path)} is missing; ${rule ? rule.says : `write ${allowed ? allowed.join(' or ') : typeLabel(schema)}`}.`,
    span,
    path,
  });
}

/** Makes a node and what is in it known under a second path. */
function alias(tree: Tree, node: TreeNode, path: Path): void {
  tree.nodes.set(pathKey(path), node);
  if (node.kind === 'map') for (const [key, child] of node.entries) alias(tree, child, [...path, key]);
  if (node.kind === 'list') for (const [index, child] of node.items.entries()) alias(tree, child, [...path, index]);
}

function isContainer(schema: z.ZodType): boolean {
  return schema instanceof z.ZodObject || schema instanceof z.ZodRecord || schema instanceof z.ZodArray;
}
