/**
 * Where a manifest says the name of its app, found without reading all of it: lenses and marks ask at every change, in
 * folders of strangers too. Each step takes a time that grows with the text alone, whatever stands in it.
 */

export interface FoundName {
  /** Offsets of the value; where it would stand when there is none. */
  start: number;
  end: number;
  name?: string;
}

/** A name behind this many characters is not looked for. */
const mostCharacters = 64 * 1024;

/** The value of the manifest's own `name`, not that of a job or of anything else inside; undefined when there is none. */
export function findName(text: string): FoundName | undefined {
  const looked = text.slice(0, mostCharacters);
  const head = headOf(looked);
  const at = looked.charAt(head) === '{' ? inBraces(looked, head) : inBlock(looked, head);
  if (at === undefined) return undefined;
  const value = /[ \t]*(["']?)([a-z][a-z0-9-]*)?\1/y;
  value.lastIndex = at;
  const match = value.exec(text);
  if (!match) return undefined;
  const end = match.index + match[0].length - (match[1]?.length ?? 0);
  const name = match[2];
  return { start: end - (name?.length ?? 0), end, ...(name === undefined ? {} : { name }) };
}

/** Behind comments, directives and the mark of a document: where the first key or brace is. */
function headOf(text: string): number {
  const part = /\s+|#[^\n]*|---(?=\s)|%[^\n]*\n/y;
  let head = 0;
  while (part.test(text)) head = part.lastIndex;
  return head;
}

/** Behind the colon of a key that is as far to the right as the first one. */
function inBlock(text: string, head: number): number | undefined {
  let left = head;
  while (text[left - 1] === ' ' || text[left - 1] === '\t') left -= 1;
  const margin = text.slice(left, head);
  for (const match of text.matchAll(/^([ \t]*)(["']?)name\2[ \t]*:/gm))
    if (match[1] === margin) return match.index + match[0].length;
  return undefined;
}

/** Behind the colon of a key of the outermost braces. */
function inBraces(text: string, head: number): number | undefined {
  const parts = /["']|(?<=\s)#[^\n]*|[{}[\],]|[^\s{}[\],:"']+/g;
  const colon = /\s*:/y;
  const unclosed = new Set<string>();
  parts.lastIndex = head;
  let depth = 0;
  let onKey = false;
  for (let match = parts.exec(text); match; match = parts.exec(text)) {
    let [part] = match;
    if (part.startsWith('#')) continue;
    if (part === '"' || part === "'") {
      // Looked for once: to look again from each quote behind it would read the rest of the text as often.
      const end = unclosed.has(part) ? undefined : endOfQuoted(text, match.index);
      if (end === undefined) {
        unclosed.add(part);
        continue;
      }
      part = text.slice(match.index, end);
      parts.lastIndex = end;
    }
    if (part === '{' || part === '[') depth += 1;
    if (part === '}' || part === ']') depth -= 1;
    colon.lastIndex = parts.lastIndex;
    if (onKey && /^["']?name["']?$/.test(part) && colon.test(text)) return colon.lastIndex;
    onKey = depth === 1 && (part === '{' || part === ',');
  }
  return undefined;
}

/** Behind the quote that closes the one at `start`. */
function endOfQuoted(text: string, start: number): number | undefined {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at += 1) {
    const escapes = quote === '"' ? text[at] === '\\' : text[at] === quote && text[at + 1] === quote;
    if (escapes) at += 1;
    else if (text[at] === quote) return at + 1;
  }
  return undefined;
}
