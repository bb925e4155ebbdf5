/** What the commands for config vars and for secrets have in common: lists, where values come from, the deploy that follows. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describeError } from 'minicloud-shared/client/describe-error';
import type { ConfigEntry, ConfigKind, ConfigPreview } from 'minicloud-shared/model/config';
import { configLimits, configNamePattern } from 'minicloud-shared/model/config';
import type { Api } from './api.ts';
import { usage } from './arguments.ts';
import type { Command, Context, Option } from './command.ts';
import { told } from './commands/deploy.ts';
import { conduct, startOnce } from './conduct.ts';
import { confirm, mustBeAskable, yesOption } from './confirm.ts';
import { type ExitCode, exitCodes, UsageProblem } from './exit-codes.ts';
import { type Cell, table } from './table.ts';
import { type Line, styled } from './text.ts';
import { relative } from './time.ts';

type Words = Pick<Command, 'name'>;
/** In words, for one and for more. */
const kindWords = { config: ['config var', 'config vars'], secret: ['secret', 'secrets'] } as const;

const setOptions = {
  from: { type: 'string', value: 'FILE', complete: 'file', help: 'take all of a .env file; shows the names and asks' },
  'no-deploy': { type: 'boolean', help: 'only store; used from the next deploy on' },
  create: { type: 'boolean', help: 'make the app when it is not there; the values wait for its first deploy' },
  yes: { ...yesOption, help: 'do not ask, with --from' },
} as const satisfies Record<string, Option>;

const setJson = '{ version: number, changed: string[], operation?: Operation, release?: Release, urls?: string[] }';
const deployDetail =
  'A change that a process of the app sees makes a release of the same image and manifest: the old one serves until the new one is healthy. Any other is stored until a deploy uses it.';

/** What a command for one kind says of itself. */
type Own = Pick<Command, 'summary' | 'details' | 'examples'>;

/** `config` and `secrets`. */
export function listCommand(kind: ConfigKind, own: Own): Command {
  return {
    ...own,
    name: commandOf(kind),
    positionals: [appPositional],
    options: {},
    json: '{ version: number, entries: { name, kind, updatedAt, by, used }[] }',
    run: (context) => listConfig(context, kind),
  };
}

/** `config:set` and `secrets:set`; `key` is how a value is named on the command line. */
export function setCommand(kind: ConfigKind, { key, ...own }: Own & { key: string }): Command {
  const command: Command = {
    ...own,
    ...changing,
    name: `${commandOf(kind)}:set`,
    positionals: [appPositional, { name: key, required: false, many: true, complete: 'none' }],
    options: setOptions,
    details: [...own.details, deployDetail],
    run: (context) => setConfig(context, command, kind),
  };
  return command;
}

/** `config:unset` and `secrets:unset`. */
export function unsetCommand(kind: ConfigKind, own: Own): Command {
  const command: Command = {
    ...own,
    ...changing,
    name: `${commandOf(kind)}:unset`,
    positionals: [appPositional, { name: 'KEY', required: true, many: true, complete: 'none' }],
    options: { 'no-deploy': setOptions['no-deploy'] },
    details: [...own.details, deployDetail],
    run: (context) => unsetConfig(context, command, kind),
  };
  return command;
}

const appPositional: Command['positionals'][number] = { name: 'NAME', required: true, complete: 'app' };
const changing = { finishes: true, json: setJson } as const;

/** Prints the names of one kind. */
async function listConfig(context: Context, kind: ConfigKind): Promise<ExitCode> {
  const [app = ''] = context.args.positionals;
  const { version, entries } = await (await context.api()).config.list.query({ app });
  const shown = entries.filter((entry) => entry.kind === kind);
  if (context.json) context.out.json({ version, entries: shown });
  else if (shown.length === 0)
    context.out.print([
      `${app} has no ${kindWords[kind][1]}. \`minicloud ${commandOf(kind)}:set ${app} …\` sets them.`,
    ]);
  else context.out.print(...configView(shown, context.now(), context.out.columns));
  return exitCodes.ok;
}

export function configView(entries: readonly ConfigEntry[], now: number, columns: number): Line[] {
  const rows = entries.map(({ name, updatedAt, by, used, kind }): Cell[] => [
    styled('bold', name),
    relative(updatedAt, now),
    by,
    used ? styled('green', 'yes') : styled('yellow', kind === 'secret' ? 'not listed or not deployed' : 'not deployed'),
  ]);
  return table(
    [
      { title: 'NAME', overflow: 'wrap' },
      { title: 'SET' },
      { title: 'BY', overflow: 'cut', optional: true },
      { title: 'USED' },
    ],
    rows,
    columns,
  );
}

/** Sets what stands on the command line, is typed, or is in a file. */
async function setConfig(context: Context, command: Words, kind: ConfigKind): Promise<ExitCode> {
  const { args } = context;
  const [app = '', ...words] = args.positionals;
  const from = args.text('from');
  if ((from === undefined) === (words.length === 0))
    throw usage(command, 'KEY', 'Name what is to be set, or a file with --from FILE; one of the two.');
  if (from !== undefined) mustBeAskable(context, command);
  const values = from === undefined ? await valuesOf(context, command, kind, words) : await valuesIn(context, from);
  const api = await context.api({ patient: true });
  // A file has all of an app's values: those that are secrets on the server stay so.
  const secrets = from === undefined || kind === 'secret' ? [] : await secretsOf(api, app);
  const set = [...values].map(([name, value]) => ({ name, value, kind: secrets.includes(name) ? 'secret' : kind }));
  if (from !== undefined && !(await agreed(context, await api.config.preview.mutate({ app, set })))) {
    context.err.print(['Nothing was changed.']);
    return exitCodes.interrupted;
  }
  return carryOut(context, api, {
    app,
    set,
    ...(args.has('create') ? { create: true } : {}),
    ...(args.has('no-deploy') ? { deploy: false } : {}),
  });
}

/** Unsets names of one kind. */
async function unsetConfig(context: Context, command: Words, kind: ConfigKind): Promise<ExitCode> {
  const { args } = context;
  const [app = '', ...unset] = args.positionals;
  if (unset.length === 0) throw usage(command, 'KEY', 'Name what is to be unset.');
  const api = await context.api({ patient: true });
  const { entries } = await api.config.list.query({ app });
  for (const name of unset) {
    const known = entries.find((entry) => entry.name === name);
    if (known && known.kind !== kind)
      throw usage(command, name, `It is a ${kindWords[known.kind][0]}: unset it with ${commandOf(known.kind)}:unset.`);
    if (!known && !context.json) context.err.print([`${name} is not set.`]);
  }
  return carryOut(context, api, { app, unset, ...(args.has('no-deploy') ? { deploy: false } : {}) });
}

/** None for an app that is not there. */
async function secretsOf(api: Api, app: string): Promise<string[]> {
  try {
    const { entries } = await api.config.list.query({ app });
    return entries.filter(({ kind }) => kind === 'secret').map(({ name }) => name);
  } catch (error) {
    if (describeError(error).code === 'not_found') return [];
    throw error;
  }
}

type Change = Parameters<Api['config']['set']['mutate']>[0];

async function carryOut(context: Context, api: Api, change: Change): Promise<ExitCode> {
  const { app } = change;
  const { operation: id, ...done } = await startOnce((idempotencyKey) =>
    api.config.set.mutate({ ...change, idempotencyKey }),
  );
  const { changed, version } = done;
  if (!context.json)
    context.err.print([
      changed.length === 0 ? 'All of it was so already.' : `Stored as version ${version}: ${changed.join(', ')}.`,
    ]);
  if (id === undefined) {
    if (context.json) context.out.json(done);
    else if (changed.length > 0) context.out.print(['No release was made: it is used from the next deploy on.']);
    return exitCodes.ok;
  }
  const outcome = await conduct(context, api, { start: async () => ({ operationId: id, app }), interrupt: 'cancel' });
  const code = await told(context, api, outcome, done);
  if (code !== exitCodes.ok && !context.json)
    context.err.print([
      `The values are stored and not used: set others, or deploy again: \`minicloud deploy ${app}\`.`,
    ]);
  return code;
}

/** `KEY=VALUE` as it stands; for a `KEY` alone the value is typed, or is what standard input holds. */
async function valuesOf(
  context: Context,
  command: Words,
  kind: ConfigKind,
  words: readonly string[],
): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  const asked: string[] = [];
  for (const word of words) {
    const at = word.indexOf('=');
    const name = at < 0 ? word : word.slice(0, at);
    // What follows the name may be a secret, and so may a word that is none: neither is said again.
    if (!configNamePattern.test(name)) throw usage(command, 'KEY', 'A name is letters, digits and _, as in API_URL.');
    if (at >= 0 && kind === 'secret') throw inArguments(command, name);
    if (values.has(name) || asked.includes(name)) throw usage(command, name, 'It is named twice.');
    if (at < 0) asked.push(name);
    else values.set(name, word.slice(at + 1));
  }
  const [only] = asked;
  if (only === undefined) return values;
  if (context.interactive) {
    for (const name of asked) values.set(name, await context.askSecret(`Value of ${name}: `));
    return values;
  }
  if (asked.length > 1)
    throw usage(command, asked.join(', '), 'Standard input holds one value: name one KEY, or --from FILE.');
  const text = await context.readInput(configLimits.valueBytes + 2);
  if (text === '')
    throw usage(command, only, 'It has no value: nothing came on standard input, and there is no terminal to ask at.');
  // The newline is what `echo` adds, and no part of it.
  const value = text.replace(/\r?\n$/, '');
  if (value === '' && kind === 'secret')
    throw usage(command, only, 'It has no value: an empty line came on standard input.');
  values.set(only, value);
  return values;
}

async function valuesIn(context: Context, file: string): Promise<Map<string, string>> {
  const { readEnvFile } = await import('minicloud-shared/manifest/env-file');
  let text: string;
  try {
    text = await readFile(path.resolve(context.cwd, file), 'utf8');
  } catch (error) {
    throw badFile(file, error instanceof Error ? error.message : String(error), 'Name a file that you may read.');
  }
  const { values, problems } = readEnvFile(text);
  if (problems.length > 0) throw badFile(file, `${problems.join('; ')}.`, 'Correct the file.');
  return values;
}

/** Shows what would become of each name, and asks. */
async function agreed(context: Context, preview: ConfigPreview): Promise<boolean> {
  if (!context.json) context.err.print(...previewView(preview, context.err.columns));
  const count = preview.names.filter(({ change }) => change !== 'same').length;
  if (count === 0) return true;
  return confirm(context, `Set ${count} value${count === 1 ? '' : 's'}?`);
}

const changeStyles = { new: 'green', changed: 'yellow', removed: 'red', same: 'dim' } as const;

export function previewView({ names }: ConfigPreview, columns: number): Line[] {
  return table(
    [{ overflow: 'wrap' }, {}, {}],
    names.map(({ name, kind, change }): Cell[] => [name, kindWords[kind][0], styled(changeStyles[change], change)]),
    columns,
  );
}

function commandOf(kind: ConfigKind): 'config' | 'secrets' {
  return kind === 'secret' ? 'secrets' : 'config';
}

function inArguments(command: Words, name: string): UsageProblem {
  return new UsageProblem({
    object: name,
    why: 'A secret is not taken from an argument: every process of this machine can read the arguments of the others, and the shell keeps them.',
    remedy: `Leave the value out: \`minicloud ${command.name} … ${name}\` asks for it, or reads it from standard input.`,
  });
}

function badFile(file: string, why: string, remedy: string): UsageProblem {
  return new UsageProblem({ what: 'The file can not be used', object: file, why, remedy });
}
