/** Files of `NAME=value` lines, as Compose reads `.env` and `env_file`. */
import { type Interpolated, interpolate } from './compose/interpolate.ts';

const line =
  /^[^\S\n]*(?:export[^\S\n]+)?([A-Za-z_][\w.-]*)[^\S\n]*(?:=[^\S\n]*('[^']*'|"(?:[^"\\]|\\[\s\S])*"|[^\n]*))?/gm;

/**
 * The variables of a file in their order, the later of two with one name last. Values in double quotes have escapes,
 * and all but those in single quotes name other variables. What is no such line is left out.
 * https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
 */
export function readDotenv(
  text: string,
  known: ReadonlyMap<string, Interpolated> = new Map(),
): Map<string, Interpolated> {
  const variables = new Map<string, Interpolated>();
  for (const [, name = '', written] of plain(text).matchAll(line)) {
    const lookUp = (other: string): Interpolated | undefined => variables.get(other) ?? known.get(other);
    if (written === undefined) {
      const outside = lookUp(name);
      if (outside) variables.set(name, outside);
      continue;
    }
    const value =
      written.startsWith("'") && /^'[^']*'$/.test(written)
        ? { text: written.slice(1, -1), missing: [], tainted: false }
        : interpolate(unquote(written), lookUp);
    variables.delete(name);
    variables.set(name, value);
  }
  return variables;
}

/** Numbers of the lines, from 1, that are neither empty nor a comment and give no variable a value. */
export function unreadLines(text: string): number[] {
  const rest = plain(text).replace(line, (found, _name, written) =>
    written === undefined || isOpen(written) ? found : found.replace(/[^\n]/g, ''),
  );
  return rest.split('\n').flatMap((left, index) => (/^\s*(?:#|$)/.test(left) ? [] : [index + 1]));
}

function plain(text: string): string {
  return text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
}

/** A quote that nothing ends. */
function isOpen(written: string): boolean {
  return /^["']/.test(written) && !/^(?:'[^']*'|"(?:[^"\\]|\\[\s\S])*")$/.test(written);
}

/** `$$` is how a `$` is written that names no variable. */
const escapes: Record<string, string> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  ...{ '"': '"', '\\': '\\', $: '$$' },
};

function unquote(written: string): string {
  if (/^"(?:[^"\\]|\\[\s\S])*"$/.test(written)) {
    return written.slice(1, -1).replace(/\\([\s\S])/g, (found, character: string) => escapes[character] ?? found);
  }
  return written.replace(/\s#.*$/, '').trim();
}
