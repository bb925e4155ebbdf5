/** The command line against the table of commands. */
import { parseArgs } from 'node:util';
import { closest } from 'minicloud-shared/manifest/suggest';
import type { Arguments, Command, Option } from './command.ts';
import { UsageProblem } from './exit-codes.ts';

/** Options that every command has. */
export const globalOptions = {
  json: { type: 'boolean', help: 'print JSON for programs' },
  'api-url': { type: 'string', value: 'URL', complete: 'none', help: 'the server to use (MINICLOUD_API_URL)' },
  'no-color': { type: 'boolean', help: 'no colours (NO_COLOR)' },
  help: { type: 'boolean', short: 'h', help: 'show this help' },
} as const satisfies Record<string, Option>;

export interface Invocation {
  command: Command;
  args: Arguments;
}

/** Flags and command may be mixed; `--` ends the flags. Throws `UsageProblem`. */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): Invocation {
  const { name, rest } = splitCommand(argv);
  const command = findCommand(name, commands);
  return { command, args: parseArguments(command, rest) };
}

/** The first word is the command, wherever global options stand. No word, `-h` and `--version` have commands too. */
export function splitCommand(argv: readonly string[]): { name: string; rest: string[] } {
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (word === '--version' || word === '-V') return { name: 'version', rest: [...rest, ...argv.slice(at + 1)] };
    if (!word.startsWith('-')) return { name: word, rest: [...rest, ...argv.slice(at + 1)] };
    rest.push(word);
    if (word === '--api-url' && at + 1 < argv.length) rest.push(argv[++at] ?? '');
  }
  return { name: 'help', rest: rest.filter((word) => word !== '-h' && word !== '--help') };
}

export function findCommand(name: string, commands: readonly Command[]): Command {
  const found = commands.find((command) => command.name === name);
  if (found) return found;
  const guess = closest(
    name,
    commands.map((command) => command.name),
  );
  throw new UsageProblem({
    object: name,
    why: `There is no command “${name}”.`,
    remedy: guess === undefined ? 'See `minicloud help` for all commands.' : `Did you mean \`minicloud ${guess}\`?`,
  });
}

/** Checks options, their values and the number of words. Throws `UsageProblem`. */
export function parseArguments(command: Command, words: readonly string[]): Arguments {
  const options: Record<string, Option> = { ...globalOptions, ...command.options };
  for (const name of unknownOptions(words, options)) throw unknownOption(command, name, options);
  let parsed: { values: Record<string, string | boolean | (string | boolean)[] | undefined>; positionals: string[] };
  try {
    const table = Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short ? { short } : {}), ...(multiple ? { multiple } : {}) },
    ]);
    parsed = parseArgs({ args: [...words], options: Object.fromEntries(table), strict: true, allowPositionals: true });
  } catch (error) {
    throw usage(command, command.name, firstSentence(error));
  }
  const { values, positionals } = parsed;
  const args: Arguments = {
    positionals,
    has: (name) => values[name] === true,
    text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
    list: (name) => [values[name] ?? []].flat().map(String),
  };
  for (const [name, { choices, type }] of Object.entries(options)) {
    for (const value of type === 'string' ? args.list(name) : []) {
      if (choices && !choices.includes(value)) {
        throw usage(command, `--${name} ${value}`, `It is one of ${choices.join(', ')}.`);
      }
      if (value === '') throw usage(command, `--${name}`, 'Its value is empty.');
    }
  }
  if (!args.has('help')) checkCount(command, positionals);
  return args;
}

function checkCount(command: Command, words: readonly string[]): void {
  const required = command.positionals.filter((positional) => positional.required);
  const missing = required[words.length];
  if (missing) throw usage(command, command.name, `${missing.name} is missing.`);
  const many = command.positionals.some((positional) => positional.many);
  const extra = words[command.positionals.length];
  if (extra !== undefined && !many) throw usage(command, extra, `“${extra}” is one word too many.`);
}

/** Before `parseArgs` does, whose message knows no suggestion. */
function unknownOptions(words: readonly string[], options: Record<string, Option>): string[] {
  const found: string[] = [];
  const byShort = new Map(Object.entries(options).flatMap(([name, { short }]) => (short ? [[short, name]] : [])));
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') break;
    if (!word.startsWith('-') || word === '-') continue;
    const name = word.startsWith('--') ? (word.slice(2).split('=')[0] ?? '') : byShort.get(word[1] ?? '');
    const option = name === undefined ? undefined : Object.hasOwn(options, name) ? options[name] : undefined;
    if (!option) found.push(word.split('=')[0] ?? word);
    const alone = word.startsWith('--') ? !word.includes('=') : word.length === 2;
    if (option?.type === 'string' && alone) at += 1;
  }
  return found;
}

function unknownOption(command: Command, word: string, options: Record<string, Option>): UsageProblem {
  const where = `\`minicloud ${command.name} --help\``;
  if (word === '--token') {
    return new UsageProblem({
      object: word,
      why: 'There is no such option: every process of this machine can read the arguments of the others.',
      remedy: 'Put the token into the variable MINICLOUD_TOKEN, or run `minicloud login URL` once.',
    });
  }
  const guess = word.startsWith('--') ? closest(word.slice(2), Object.keys(options)) : undefined;
  return new UsageProblem({
    object: word,
    why: `\`minicloud ${command.name}\` has no option ${word}.`,
    remedy: guess === undefined ? `See ${where}.` : `Did you mean --${guess}? See ${where}.`,
  });
}

/** A usage problem of a command, with the way to its help. */
export function usage(command: Pick<Command, 'name'>, object: string, why: string): UsageProblem {
  return new UsageProblem({ object, why, remedy: `See \`minicloud ${command.name} --help\`.` });
}

function firstSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${message.split('. ')[0]?.split('\n')[0]?.replace(/\.$/, '') ?? message}.`;
}
