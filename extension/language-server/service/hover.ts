import { describePath, keyPage, type PathDescription, ruleAt } from 'minicloud-shared/manifest/describe';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { formatPath } from 'minicloud-shared/manifest/path';
import type { ScalarNode } from 'minicloud-shared/manifest/tree';
import { explainArguments, explainScalar } from './explain.ts';
import type { Known } from './known.ts';
import { liveText } from './live.ts';
import { locateNode, type ManifestPath } from './locate.ts';
import { timezoneOf } from './schedule.ts';

export interface HoverText {
  markdown: string;
  span: readonly [start: number, end: number];
  /** The key whose page tells more. */
  page: string;
}

/**
 * What the thing under an offset is: in words, its rule, its default, an example; what its value comes to; and what the
 * server that the manifest is bound to runs. `now` is for the next runs of a schedule.
 */
export function hover(document: ManifestDocument, offset: number, known: Known = {}, now = 0): HoverText | undefined {
  const hit = locateNode(document.doc, offset);
  const described = hit && describePath(hit.path);
  if (!hit || !described) return undefined;
  const value = explained(document, hit.path, now).map(plain);
  const live = liveText(document, hit.path, known, now).map(plain);
  const parts = [
    heading(hit.path, described),
    ...(value.length > 0 ? [value.join('  \n')] : []),
    ...description(described),
    ...(live.length > 0 ? [`---\n\n${live.join('  \n')}`] : []),
  ];
  return { markdown: parts.join('\n\n'), span: hit.span, page: keyPage(hit.path) };
}

/** What a place of a manifest is for, as Markdown; for the side of a list of completions. */
export function describe(path: ManifestPath): string | undefined {
  const described = describePath(path);
  return described && [heading(path, described), ...description(described)].join('\n\n');
}

/** The value at a path in other words, when it is one that needs them. */
export function explained(document: ManifestDocument, path: ManifestPath, now: number): string[] {
  const node = document.context.nodeAt(path);
  const rule = ruleAt(path);
  if (!node || !rule) return [];
  if (node.kind === 'scalar') {
    const timezone = timezoneOf(document, path);
    return explainScalar(rule.code, textOf(node), { now, timezone });
  }
  if (node.kind !== 'list' || rule.code !== 'manifest/command') return [];
  const words = node.items.map((item) => (item.kind === 'scalar' ? textOf(item) : ''));
  return explainArguments(words);
}

function heading(path: ManifestPath, { type, required }: PathDescription): string {
  const place = formatPath(path);
  // Brackets of an index are no link; what stands in quotes may be anything.
  return `**${place.includes('"') ? plain(place) : place}** · ${type}${required ? ' · required' : ''}`;
}

function description({ description: about, says, values, examples, ...rest }: PathDescription): string[] {
  const lines: string[] = [];
  if (about) lines.push(sentence(about));
  if (says) lines.push(sentence(says));
  if (values && values.length > 1) lines.push(`One of ${values.map(code).join(', ')}.`);
  if (rest.default !== undefined) lines.push(`Default: ${code(rest.default)}`);
  if (examples?.length) lines.push(`Example: ${examples.map(code).join(', ')}`);
  return lines;
}

function textOf(node: ScalarNode): string {
  return typeof node.value === 'string' ? node.value : node.source;
}

function code(value: unknown): string {
  return `\`${typeof value === 'object' ? JSON.stringify(value) : String(value)}\``;
}

/** Text from a file or a server as it is: nothing in it becomes an image, a heading or HTML. */
function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~!]/g, '\\$&');
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
