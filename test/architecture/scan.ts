/** Sources as the rules see them: their files, their imports, and their code without comments and texts. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface Source {
  /** From the root of the workspace, with `/`. */
  file: string;
  text: string;
}

export interface Import {
  /** What is written, resolved to a path from the root when it is relative. */
  target: string;
  relative: boolean;
  /** True for `import type` and `export type … from`. */
  typeOnly: boolean;
}

/** Folders that hold nothing of our own making. */
const skipped = new Set(['node_modules', 'dist', '.git', '.minicloud', '.vscode-test', 'screenshots']);

/** Every text file of the workspace that is ours. */
export function readSources(root: string): Source[] {
  const found: Source[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const file = path.posix.join(folder, entry.name);
      if (entry.isDirectory() && !skipped.has(entry.name)) walk(file);
      if (entry.isFile() && textual(entry.name))
        found.push({ file, text: readFileSync(path.join(root, file), 'utf8') });
    }
  };
  walk('.');
  return found;
}

function textual(name: string): boolean {
  return !/\.(png|jpe?g|gif|ico|woff2?|vsix|db|tar|gz|map|log)$/.test(name);
}

/** What a file imports, in whatever way. */
export function importsOf({ file, text }: Source): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean) => {
    const relative = specifier.startsWith('.');
    const target = relative ? path.posix.join(path.posix.dirname(file), specifier) : specifier;
    found.push({ target, relative, typeOnly });
  };
  const statement = /(?:^|[;\n}])\s*(?:import|export)\s+(type\s+)?(?:[\w*${},\s]+?\s+from\s*)?['"]([^'"\n]+)['"]/g;
  for (const [, type, specifier = ''] of code.matchAll(statement)) add(specifier, type !== undefined);
  for (const [, specifier = ''] of code.matchAll(/\b(?:import|require)\(\s*['"]([^'"\n]+)['"]/g)) add(specifier, false);
  return found;
}

/** The code with comments blanked out; lines stay where they were. */
export function withoutComments(text: string): string {
  return scan(text, false);
}

/** The code with comments and the insides of texts blanked out. */
export function bareCode(text: string): string {
  return scan(text, true);
}

function scan(text: string, blankTexts: boolean): string {
  let out = '';
  let at = 0;
  /** Depth of braces in each `${…}` that we are inside of. */
  const templates: number[] = [];
  const blank = (part: string) => part.replace(/[^\n]/g, ' ');
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const keep = (part: string) => {
    out += part;
    at += part.length;
  };
  const texts = (part: string) => {
    out += blankTexts ? part[0] + blank(part.slice(1, -1)) + part.slice(-1) : part;
    at += part.length;
  };
  while (at < text.length) {
    const comment = take(/\/\/[^\n]*|\/\*[\s\S]*?\*\//y);
    const quoted = comment ? undefined : take(/'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y);
    if (comment) {
      out += blank(comment);
      at += comment.length;
    } else if (quoted) texts(quoted);
    else if (text[at] === '`' || (text[at] === '}' && templates.at(-1) === 0)) {
      if (text[at] === '}') templates.pop();
      const part = take(/[`}](?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y) ?? text.slice(at);
      texts(part);
      if (part.endsWith('${')) templates.push(0);
    } else if (text[at] === '/' && /(?:^|[=(,:[!&|?{};]|=>|\breturn)\s*$/.test(out.slice(-40))) {
      texts(take(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y) ?? '/');
    } else {
      const depth = templates.length - 1;
      if (depth >= 0 && text[at] === '{') templates[depth] = (templates[depth] ?? 0) + 1;
      if (depth >= 0 && text[at] === '}') templates[depth] = (templates[depth] ?? 0) - 1;
      keep(text[at] ?? '');
    }
  }
  return out;
}
