import { describePath, type PathDescription } from 'minicloud-shared/manifest/describe';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { formatPath } from 'minicloud-shared/manifest/path';
import { locateNode } from './locate.ts';

export interface HoverText {
  markdown: string;
  span: readonly [start: number, end: number];
}

/** What the thing under an offset is: in words, its rule, its default, an example. */
export function hover(document: ManifestDocument, offset: number): HoverText | undefined {
  const hit = locateNode(document.doc, offset);
  const described = hit && describePath(hit.path);
  if (!hit || !described) return undefined;
  return { markdown: toMarkdown(formatPath(hit.path), described), span: hit.span };
}

function toMarkdown(
  path: string,
  { description, says, type, values, required, examples, ...rest }: PathDescription,
): string {
  const lines = [`**${path}** · ${type}${required ? ' · required' : ''}`];
  if (description) lines.push(sentence(description));
  if (says) lines.push(sentence(says));
  if (values && values.length > 1) lines.push(`One of ${values.map(code).join(', ')}.`);
  if (rest.default !== undefined) lines.push(`Default: ${code(rest.default)}`);
  if (examples?.length) lines.push(`Example: ${code(examples[0])}`);
  return lines.join('\n\n');
}

function code(value: unknown): string {
  return `\`${typeof value === 'object' ? JSON.stringify(value) : String(value)}\``;
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
