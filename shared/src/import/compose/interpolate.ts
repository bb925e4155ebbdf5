/** `${NAME:-default}` in the values of a Compose file. */
import { isSecret } from '../secrets.ts';

export interface Interpolated {
  text: string;
  /** Variables that have no value here and no default; empty text stands in their place. */
  missing: string[];
  /** True when the value of a variable that is a secret went into the text. */
  tainted: boolean;
}

/** How deep defaults may stand inside one another. */
const deepest = 20;

/**
 * A text with its variables replaced. What is not written as the specification says stays as it is.
 * https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md
 */
export function interpolate(text: string, lookUp: (name: string) => Interpolated | undefined, depth = 0): Interpolated {
  if (!text.includes('$') || depth > deepest) return { text, missing: [], tainted: false };
  const missing: string[] = [];
  let tainted = false;
  let done = '';
  let at = 0;
  const ends = closings(text);
  const put = (part: Interpolated): void => {
    done += part.text;
    missing.push(...part.missing);
    tainted ||= part.tainted;
  };
  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar < 0) break;
    done += text.slice(at, dollar);
    const found = nextVariable(text, dollar, ends);
    at = found.end;
    if ('literal' in found) {
      done += found.literal;
      continue;
    }
    const value = lookUp(found.name);
    const secret = value !== undefined && isSecret(found.name, value.text);
    const set = value !== undefined && (value.text !== '' || !found.operator.startsWith(':'));
    if (found.operator.endsWith('+')) {
      if (set) put(interpolate(found.rest, lookUp, depth + 1));
    } else if (value && set) put({ ...value, tainted: value.tainted || secret });
    else if (found.operator.endsWith('-')) {
      const spare = interpolate(found.rest, lookUp, depth + 1);
      put({ ...spare, tainted: spare.tainted || isSecret(found.name, spare.text) });
    } else missing.push(found.name);
  }
  return { text: done + text.slice(at), missing, tainted };
}

type Found = { literal: string; end: number } | { name: string; operator: string; rest: string; end: number };

const plainName = /\$([A-Za-z_]\w*)/y;
const bracedName = /\$\{([A-Za-z_]\w*)(:?[-?+])?/y;

function nextVariable(text: string, dollar: number, ends: ReadonlyMap<number, number>): Found {
  if (text.charAt(dollar + 1) === '$') return { literal: '$', end: dollar + 2 };
  plainName.lastIndex = dollar;
  const plain = plainName.exec(text);
  if (plain) return { name: plain[1] ?? '', operator: '', rest: '', end: plainName.lastIndex };
  bracedName.lastIndex = dollar;
  const braced = bracedName.exec(text);
  const from = bracedName.lastIndex;
  const end = braced ? ends.get(dollar) : undefined;
  if (!braced || end === undefined || (braced[2] === undefined && end !== from))
    return { literal: '$', end: dollar + 1 };
  return { name: braced[1] ?? '', operator: braced[2] ?? '', rest: text.slice(from, end), end: end + 1 };
}

/** Where each brace closes that is opened by `${`, by the place of its dollar. In one pass: texts may be hostile. */
function closings(text: string): Map<number, number> {
  const ends = new Map<number, number>();
  const open: number[] = [];
  for (const { 0: mark, index } of text.matchAll(/\$\{|\}/g)) {
    const start = mark === '}' ? open.pop() : undefined;
    if (mark !== '}') open.push(index);
    else if (start !== undefined) ends.set(start, index);
  }
  return ends;
}
