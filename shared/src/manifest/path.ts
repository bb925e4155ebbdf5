/** Where something is in a manifest: `['expose', 0, 'port']`, written `expose[0].port`. */

export type Path = readonly (string | number)[];

/** `expose[0].port`; keys that are no plain words are put in quotes: `env["a.b"]`. Empty for the whole file. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part.length > 40 ? `${part.slice(0, 40)}…` : part)}]`;
  }
  return text;
}

/** The other way round for what `formatPath` writes; an unreadable rest is left out. */
export function parsePath(text: string): (string | number)[] {
  const path: (string | number)[] = [];
  const part = /\.?([\p{L}_][\p{L}\p{N}_-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/uy;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (!match) break;
    if (match[1] !== undefined) path.push(match[1]);
    else if (match[2] !== undefined) path.push(Number(match[2]));
    else path.push(JSON.parse(match[3] ?? '""') as string);
  }
  return path;
}

/** The same for equal paths and for no others; a number and the text of that number differ. */
export function pathKey(path: Path): string {
  return path.map((part) => (typeof part === 'number' ? `#${part}` : `.${part}`)).join('\u0000');
}
