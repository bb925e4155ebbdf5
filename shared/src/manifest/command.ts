/** A command written as one line, split into arguments as a POSIX shell would, without any shell. */

export type SplitResult =
  | { ok: true; argv: string[] }
  | {
      ok: false;
      /** A phrase that follows "the command": `has ";", which only a shell understands`. */
      why: string;
      /** Where in the text, in UTF-16 code units. */
      offset: number;
    };

const operators = new Set([';', '|', '&', '(', ')', '<', '>']);

/**
 * The arguments of a command line. Single quotes, double quotes and backslashes mean what they mean to `sh`. What only
 * a shell can do (`;`, `|`, `&`, `<`, `>`, `$NAME`, backquotes, `~`, `A=b cmd`) is refused, never guessed at.
 */
export function splitCommand(text: string): SplitResult {
  const argv: string[] = [];
  let word: string | undefined;
  let offset = 0;
  const end = text.trimEnd().length;
  while (offset < end) {
    const unit = text.charAt(offset);
    if (unit === '\\' && text.charAt(offset + 1) === '\n') offset += 2;
    else if (unit === '\n' && argv.length + (word === undefined ? 0 : 1) > 0) {
      return shellOnly('a line break', offset);
    } else if (/\s/.test(unit)) {
      if (word !== undefined) argv.push(word);
      word = undefined;
      offset++;
    } else if (operators.has(unit)) return shellOnly(`"${/^[;|&<>]+|^./.exec(text.slice(offset))?.[0]}"`, offset);
    else if (unit === '$' || unit === '`') return shellOnly(`"${unit}"`, offset);
    else if (word === undefined && (unit === '~' || unit === '#')) {
      return shellOnly(`a word that starts with "${unit}"`, offset);
    } else if (unit === '\\') {
      if (offset + 1 >= end) return { ok: false, why: 'ends in a backslash', offset };
      word = (word ?? '') + text.charAt(offset + 1);
      offset += 2;
    } else if (unit === "'") {
      const close = text.indexOf("'", offset + 1);
      if (close < 0) return { ok: false, why: "has a ' that is not closed", offset };
      word = (word ?? '') + text.slice(offset + 1, close);
      offset = close + 1;
    } else if (unit === '"') {
      const quoted = doubleQuoted(text, offset);
      if ('ok' in quoted) return quoted;
      word = (word ?? '') + quoted.value;
      offset = quoted.next;
    } else {
      if (argv.length === 0 && unit === '=' && /^[A-Za-z_]\w*$/.test(word ?? '')) {
        return { ok: false, why: `sets ${word}, which only a shell can do in a command; put it under env`, offset };
      }
      word = (word ?? '') + unit;
      offset++;
    }
  }
  if (word !== undefined) argv.push(word);
  if (argv.length === 0 || argv[0] === '') return { ok: false, why: 'is empty', offset: 0 };
  return { ok: true, argv };
}

/** The arguments of a command in either of its two forms, as a checked manifest holds them. */
export function commandArgv(command: string | readonly (string | number | boolean)[]): string[] {
  if (typeof command !== 'string') return command.map(String);
  const split = splitCommand(command);
  return split.ok ? split.argv : [];
}

function doubleQuoted(text: string, open: number): { value: string; next: number } | (SplitResult & { ok: false }) {
  let value = '';
  let offset = open + 1;
  while (offset < text.length) {
    const unit = text.charAt(offset);
    if (unit === '"') return { value, next: offset + 1 };
    if (unit === '$' || unit === '`') return shellOnly(`"${unit}"`, offset);
    if (unit === '\\') {
      const next = text.charAt(offset + 1);
      // Inside double quotes a shell drops the backslash before these only.
      if (next === '\n') value += '';
      else value += ['$', '`', '"', '\\'].includes(next) ? next : `\\${next}`;
      offset += 2;
    } else {
      value += unit;
      offset++;
    }
  }
  return { ok: false, why: 'has a " that is not closed', offset: open };
}

function shellOnly(what: string, offset: number): SplitResult & { ok: false } {
  return { ok: false, why: `has ${what}, which only a shell understands, and no shell is run`, offset };
}
