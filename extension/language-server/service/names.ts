/** Names that a manifest gives and uses: processes, support containers, secrets. Where each is given, and where it is meant. */
import { scalarText } from 'minicloud-shared/manifest/check-scalar';
import { ruleAt } from 'minicloud-shared/manifest/describe';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import type { Path } from 'minicloud-shared/manifest/path';
import type { ScalarNode, TreeNode } from 'minicloud-shared/manifest/tree';
import { fits } from './candidates.ts';

export interface Name {
  kind: 'process' | 'support' | 'secret';
  name: string;
  places: NamePlace[];
}

export interface NamePlace {
  /** Offsets of the name alone, without quotes. */
  span: readonly [start: number, end: number];
  given: boolean;
  /** The whole scalar that the name fills, quotes included: what a new name may need in quotes replaces this. */
  whole?: readonly [start: number, end: number];
}

/** Every name that the manifest gives, with all its places. Names that are only used are not there. */
export function namesIn(document: ManifestDocument): Name[] {
  const { source } = document.context;
  const found: Name[] = [];
  const given = (kind: Name['kind'], name: string, span: readonly [number, number]): void => {
    found.push({ kind, name, places: [{ ...bare(source, span), given: true }] });
  };
  for (const kind of ['processes', 'support'] as const) {
    const map = document.context.nodeAt([kind]);
    if (map?.kind !== 'map') continue;
    for (const [name, child] of map.entries) {
      if (child.key) given(kind === 'processes' ? 'process' : 'support', name, child.key);
    }
  }
  const secrets = document.context.nodeAt(['secrets']);
  for (const item of secrets?.kind === 'list' ? secrets.items : []) {
    if (item.kind === 'scalar' && typeof item.value === 'string') given('secret', item.value, item.span);
  }
  const root = document.context.nodeAt([]);
  if (root && found.length > 0) {
    for (const scalar of scalarsOf(root)) for (const name of found) name.places.push(...usesOf(name, scalar, source));
  }
  return found;
}

/** The name under an offset. */
export function nameAt(document: ManifestDocument, offset: number): { name: Name; place: NamePlace } | undefined {
  for (const name of namesIn(document)) {
    const place = name.places.find(({ span }) => offset >= span[0] && offset <= span[1]);
    if (place) return { name, place };
  }
  return undefined;
}

const definedAt: Record<Name['kind'], (name: string) => Path> = {
  process: (name) => ['processes', name],
  support: (name) => ['support', name],
  secret: () => ['secrets', 0],
};

export type Renaming =
  | { ok: true; edits: { span: readonly [number, number]; newText: string }[] }
  | { ok: false; why: string };

/** Everything that changes when a name becomes another one; or why it can not be that one. */
export function rename(document: ManifestDocument, offset: number, to: string): Renaming | undefined {
  const hit = nameAt(document, offset);
  if (!hit) return undefined;
  const { kind, name, places } = hit.name;
  const why = to === name ? undefined : faultOf(document, kind, to);
  if (why !== undefined) return { ok: false, why };
  const { json, source } = document.context;
  const edits = places.map(({ span, whole }) => {
    const quoted = whole !== undefined && whole[0] !== span[0];
    return whole && !quoted && !isKey(source, whole)
      ? { span: whole, newText: scalarText(to, json) }
      : { span, newText: to };
  });
  return { ok: true, edits };
}

function faultOf(document: ManifestDocument, kind: Name['kind'], to: string): string | undefined {
  const { text, nodeAt } = document.context;
  if (kind === 'secret') {
    const rule = ruleAt(['secrets', 0]);
    if (!rule?.accepts(to)) return 'A secret is named with letters, digits and _, and not with a digit first.';
    if (text.secrets?.includes(to)) return `There is a secret ${to} already.`;
    return nodeAt(['env', to]) ? `${to} is set under env already.` : undefined;
  }
  // Jobs have names of the same kind, and unlike the keys of a map a place in the schema.
  if (!ruleAt(['jobs', 0, 'name'])?.accepts(to)) {
    return 'Such a name is 1 to 32 of a-z, 0-9 and -, starts with a letter and does not end with -.';
  }
  if (nodeAt(definedAt.process(to))) return `There is a process ${to} already.`;
  return nodeAt(definedAt.support(to)) ? `There is a support container ${to} already.` : undefined;
}

/** Where a scalar means a name: as a route's process, as a host in an address, as a variable in a script. */
function usesOf({ kind, name }: Name, scalar: ScalarNode, source: string): NamePlace[] {
  if (typeof scalar.value !== 'string') return [];
  const { path, span } = scalar;
  if (kind === 'process' && fits('expose.*.process', path)) {
    return scalar.value === name ? [{ ...bare(source, span), given: false }] : [];
  }
  const pattern = kind === 'secret' ? variable(name) : host(name, path);
  if (!pattern || !isText(path)) return [];
  const shown = source.slice(span[0], span[1]);
  return [...shown.matchAll(pattern)].map((match) => {
    const start = span[0] + match.index + match[0].lastIndexOf(name);
    return { span: [start, start + name.length] as const, given: false };
  });
}

/** Values of variables and arguments of commands, of the app and of its support containers. */
function isText(path: Path): boolean {
  const last = path.at(-1);
  const parent = path.at(-2);
  return (
    parent === 'env' || parent === 'args' || last === 'command' || (parent === 'command' && typeof last === 'number')
  );
}

function variable(name: string): RegExp {
  const exact = escaped(name);
  return new RegExp(`\\$(?:${exact}(?!\\w)|\\{${exact}(?=[}:?+-]))`, 'g');
}

/** A container is reached by its name: `http://search:7700`, `search:7700`, or alone where the variable is for a host. */
function host(name: string, path: Path): RegExp {
  const forHost = /(^|_)(HOST|HOSTNAME|SERVER|ADDRESS|ADDR)$/i.test(String(path.at(-1)));
  const exact = escaped(name);
  const alone = forHost ? `|^["']?${exact}(?=["']?$)` : '';
  return new RegExp(`//(?:[^\\s/@"']*@)?${exact}(?=[:/"'\\s]|$)|(?<![\\w.@/-])${exact}(?=:\\d)${alone}`, 'g');
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

function scalarsOf(node: TreeNode): ScalarNode[] {
  if (node.kind === 'scalar') return [node];
  const children = node.kind === 'map' ? [...node.entries.values()] : node.items;
  return children.flatMap(scalarsOf);
}

/** The inside of a scalar, when it is in quotes. */
function bare(source: string, span: readonly [number, number]): Omit<NamePlace, 'given'> {
  const quoted = /^["']/.test(source.slice(span[0], span[1]));
  return { span: quoted ? [span[0] + 1, span[1] - 1] : span, whole: span };
}

function isKey(source: string, [, end]: readonly [number, number]): boolean {
  return /^["']?\s*:/.test(source.slice(end, end + 20));
}
