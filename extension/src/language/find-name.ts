/** Where a manifest says the name of its app, found without reading all of it: lenses and marks ask at every change. */

export interface FoundName {
  /** Offsets of the value; where it would stand when there is none. */
  start: number;
  end: number;
  name?: string;
}

/** The value of the manifest's own `name`, not that of a job or of anything else inside; undefined when there is none. */
export function findName(text: string): FoundName | undefined {
  const head = /^(?:\s|#[^\n]*(?:\n|$)|---(?=\s)|%[^\n]*\n)*/.exec(text)?.[0].length ?? 0;
  const at = text.charAt(head) === '{' ? inBraces(text, head) : inBlock(text, head);
  if (at === undefined) return undefined;
  const value = /[ \t]*(["']?)([a-z][a-z0-9-]*)?\1/y;
  value.lastIndex = at;
  const match = value.exec(text);
  if (!match) return undefined;
  const end = match.index + match[0].length - (match[1]?.length ?? 0);
  const name = match[2];
  return { start: end - (name?.length ?? 0), end, ...(name === undefined ? {} : { name }) };
}

/** Behind the colon of a key that is as far to the right as the first one. */
function inBlock(text: string, head: number): number | undefined {
  const margin = /[ \t]*$/.exec(text.slice(0, head))?.[0] ?? '';
  const match = new RegExp(`^${margin}(["']?)name\\1[ \\t]*:`, 'm').exec(text);
  return match ? match.index + match[0].length : undefined;
}

/** Behind the colon of a key of the outermost braces. */
function inBraces(text: string, head: number): number | undefined {
  const parts = /"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?<=\s)#[^\n]*|[{}[\],]|[^\s{}[\],:"']+/g;
  parts.lastIndex = head;
  let depth = 0;
  let onKey = false;
  for (let match = parts.exec(text); match; match = parts.exec(text)) {
    const [part] = match;
    if (part.startsWith('#')) continue;
    if (part === '{' || part === '[') depth += 1;
    if (part === '}' || part === ']') depth -= 1;
    const colon = onKey && /^["']?name["']?$/.test(part) ? /^\s*:/.exec(text.slice(parts.lastIndex)) : undefined;
    if (colon) return parts.lastIndex + colon[0].length;
    onKey = depth === 1 && (part === '{' || part === ',');
  }
  return undefined;
}
