/** Help made from the table of commands, so that it can't say what is not so. */
import { globalOptions } from './arguments.ts';
import type { Command, Option, Positional } from './command.ts';
import { exitCodeHelp } from './exit-codes.ts';
import { table } from './table.ts';
import { type Line, styled, wrap } from './text.ts';

/** Groups of the overview; a test sees to it that every command is in one. */
export const groups: readonly { title: string; names: readonly string[] }[] = [
  { title: 'Deploy', names: ['validate', 'schema', 'import', 'plan', 'deploy', 'rollback', 'watch', 'cancel'] },
  {
    title: 'Look',
    names: ['status', 'apps', 'apps:info', 'ps', 'releases', 'releases:diff', 'operations', 'logs', 'metrics'],
  },
  { title: 'Configure', names: ['config', 'config:set', 'config:unset', 'secrets', 'secrets:set', 'secrets:unset'] },
  { title: 'Reach in', names: ['exec', 'forward'] },
  {
    title: 'Manage',
    names: [
      'apps:delete',
      'apps:deleted',
      'apps:restore',
      'tokens',
      'tokens:create',
      'tokens:revoke',
      'keys:rotate',
      'tls:root',
    ],
  },
  { title: 'Connect', names: ['login', 'logout', 'servers', 'servers:use', 'serve', 'uninstall'] },
  { title: 'Command line', names: ['help', 'version', 'completion'] },
];

const widest = 100;
const narrowestSummary = 30;

/** `minicloud help`. */
export function overview(commands: readonly Command[], columns: number): Line[] {
  const limit = Math.min(columns, widest);
  const lines: Line[] = [
    [styled('bold', 'minicloud'), '  your own cloud on one server'],
    [],
    ...plain(wrap('Usage: minicloud COMMAND [WORDS] [OPTIONS]', limit)),
  ];
  const used = groups.flatMap(({ names }) => names);
  const longest = Math.max(
    ...commands.filter(({ name }) => used.includes(name)).map((command) => usageOf(command).length),
  );
  for (const { title, names } of groups) {
    const shown = names.flatMap((name) => commands.filter((command) => command.name === name));
    lines.push([], [styled('bold', title)], ...summaries(shown, longest, limit));
  }
  lines.push([], [styled('bold', 'Options of every command')], ...optionRows(globalOptions, limit));
  const paragraphs = [
    'The server is the one named by --api-url or MINICLOUD_API_URL, else the one you logged in to last, else the one started in this folder (.minicloud/ready.json).',
    'The token is MINICLOUD_TOKEN, else the one saved by login; a server started in this folder is sent the one in its file. There is no option for it: every process of this machine can read the arguments of the others.',
    'Results go to standard output, progress and problems to standard error. With --json a result is one JSON document (logs: one line each), and a problem is {"problem": …, "exitCode": n} on standard error.',
  ];
  for (const paragraph of paragraphs) lines.push([], ...wrap(paragraph, limit).map((line) => [line]));
  lines.push([], [styled('bold', 'Exit codes')]);
  lines.push(
    ...table(
      [{}, { align: 'right' }, { overflow: 'wrap' }],
      exitCodeHelp.map(([code, words]) => ['', String(code), words]),
      limit,
    ),
  );
  return lines;
}

/** Beside each other, or one below the other where there is no room for that. */
function summaries(commands: readonly Command[], longest: number, limit: number): Line[] {
  if (limit - longest >= narrowestSummary) {
    const rows = commands.map((command) => ['', usageOf(command).padEnd(longest), command.summary]);
    return table([{}, {}, { overflow: 'wrap' }], rows, limit);
  }
  return commands.flatMap((command) => [
    ...plain(wrap(usageOf(command), limit - 2), '  '),
    ...plain(wrap(command.summary, limit - 6), '      '),
  ]);
}

function plain(texts: readonly string[], indent = ''): Line[] {
  return texts.map((text) => [`${indent}${text}`]);
}

/** `minicloud help COMMAND` and `minicloud COMMAND --help`. */
export function commandHelp(command: Command, columns: number): Line[] {
  const limit = Math.min(columns, widest);
  const lines: Line[] = [
    ...plain(
      wrap(`Usage: minicloud ${usageOf(command)}${Object.keys(command.options).length > 0 ? ' [OPTIONS]' : ''}`, limit),
    ),
    [],
    ...wrap(`${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.`, limit).map((line) => [line]),
  ];
  for (const paragraph of command.details) lines.push([], ...wrap(paragraph, limit).map((line) => [line]));
  if (Object.keys(command.options).length > 0)
    lines.push([], [styled('bold', 'Options')], ...optionRows(command.options, limit));
  lines.push([], [styled('bold', 'Options of every command')], ...optionRows(globalOptions, limit));
  if (command.json)
    lines.push([], [styled('bold', 'With --json')], ...wrap(command.json, limit - 2).map((line) => [`  ${line}`]));
  if (command.examples)
    lines.push([], [styled('bold', 'Examples')], ...command.examples.map((example) => [`  ${example}`]));
  return lines;
}

/** `deploy [FOLDER | NAME]` */
export function usageOf(command: Command): string {
  return [command.name, ...command.positionals.map(positionalUsage)].join(' ');
}

function positionalUsage({ name, required, many }: Positional): string {
  const word = many ? `${name}…` : name;
  return required ? word : `[${word}]`;
}

function optionRows(options: Readonly<Record<string, Option>>, limit: number): Line[] {
  const rows = Object.entries(options).map(([name, option]) => [
    '',
    optionUsage(name, option),
    option.help + choicesOf(option),
  ]);
  return table([{}, {}, { overflow: 'wrap' }], rows, limit);
}

function optionUsage(name: string, { short, value, type }: Option): string {
  const long = `--${name}${type === 'string' ? ` ${value ?? 'VALUE'}` : ''}`;
  return short ? `-${short}, ${long}` : `    ${long}`;
}

function choicesOf({ choices, multiple }: Option): string {
  return `${choices ? `: ${choices.join(', ')}` : ''}${multiple ? '; may be repeated' : ''}`;
}
