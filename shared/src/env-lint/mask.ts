/**
 * Source text with its comments blanked, and which of it stands in strings: as much of a lexer as it takes to tell code
 * from what only looks like it. Never throws; what is not closed ends with its line.
 */

/** A kind of string of a language. */
export interface Quote {
  /** Sticky, at its first mark; a prefix is looked back at. */
  open: RegExp;
  close: string;
  /** Goes on over line ends. */
  multiline?: boolean;
  /** A backslash takes the next character's meaning. */
  raw?: boolean;
  /** What begins code inside of it, which ends with `}`. */
  inner?: RegExp;
}

export interface Syntax {
  /** Sticky patterns of comments, from their first character to their end. */
  comments: readonly RegExp[];
  quotes: readonly Quote[];
  /** `/…/` may be a regular expression. */
  regex?: boolean;
}

export interface Masked {
  /** As long as the text: comments are spaces. */
  code: string;
  /** True for an offset inside a string, its quotes included. */
  inString(offset: number): boolean;
}

const regexLiteral = /\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
/** Behind these, `/` begins a regular expression and divides nothing. */
const beforeRegex = /(?:^|[(,=:[!&|?{};+\-*%~^]|\b(?:return|typeof|case|in|of))\s*$/;

/** Where something may begin or end; most of a text is words and spaces. */
const inCode = /["'`/#{}\n=]/g;
const inString = /[\\"'`\n{$#]/g;

function nextOf(what: RegExp, text: string, at: number): number {
  what.lastIndex = at;
  return what.exec(text)?.index ?? text.length;
}

export function mask(text: string, { comments, quotes, regex = false }: Syntax): Masked {
  const strings = new Uint8Array(text.length);
  const pieces: string[] = [];
  /** Strings that wait for the code inside of them to end, with the braces that are open in it. */
  const waiting: { quote: Quote; depth: number }[] = [];
  let open: Quote | undefined;
  let kept = 0;
  let at = 0;

  const skip = (length: number): void => {
    strings.fill(1, at, at + length);
    at += length;
  };
  const lengthAt = (pattern: RegExp): number => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0].length ?? 0;
  };
  const insideString = (quote: Quote): void => {
    skip(nextOf(inString, text, at) - at);
    if (at === text.length) return;
    const character = text[at];
    const inner = quote.inner ? lengthAt(quote.inner) : 0;
    if (character === '\\' && !quote.raw) skip(Math.min(2, text.length - at));
    else if (text.startsWith(quote.close, at)) {
      skip(quote.close.length);
      open = undefined;
    } else if (inner > 0) {
      skip(inner);
      waiting.push({ quote, depth: 0 });
      open = undefined;
    } else {
      if (character === '\n' && !quote.multiline) open = undefined;
      skip(1);
    }
  };
  const insideCode = (): void => {
    at = nextOf(inCode, text, at);
    if (at === text.length) return;
    const character = text[at];
    for (const pattern of comments) {
      const length = lengthAt(pattern);
      if (length === 0) continue;
      pieces.push(text.slice(kept, at), text.slice(at, at + length).replace(/[^\r\n]/g, ' '));
      at += length;
      kept = at;
      return;
    }
    for (const quote of quotes) {
      const length = lengthAt(quote.open);
      if (length === 0) continue;
      skip(length);
      open = quote;
      return;
    }
    const literal = regex && character === '/' && beforeRegex.test(text.slice(Math.max(0, at - 20), at));
    const length = literal ? lengthAt(regexLiteral) : 0;
    if (length > 0) {
      skip(length);
      return;
    }
    const around = waiting.at(-1);
    if (around && character === '{') around.depth += 1;
    if (around && character === '}') {
      around.depth -= 1;
      if (around.depth < 0) {
        waiting.pop();
        open = around.quote;
        skip(1);
        return;
      }
    }
    if (character === '\n' && around && !around.quote.multiline) waiting.length = 0;
    at += 1;
  };

  while (at < text.length) {
    if (open) insideString(open);
    else insideCode();
  }
  pieces.push(text.slice(kept));
  return { code: pieces.join(''), inString: (offset) => strings[offset] === 1 };
}
