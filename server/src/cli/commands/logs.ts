import { closest } from 'minicloud-shared/manifest/suggest';
import type { AppDetail } from 'minicloud-shared/model/app';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { LogLine } from 'minicloud-shared/model/system';
import { usage } from '../arguments.ts';
import type { Command } from '../command.ts';
import { exitCodes, Interrupted } from '../exit-codes.ts';
import { followLogs } from '../log-follow.ts';
import { problemView } from '../problem-view.ts';
import { type Line, type Style, styled } from '../text.ts';

const defaultLines = 100;
const mostLines = 10_000;

export const logs: Command = {
  name: 'logs',
  summary: 'print what an app wrote',
  positionals: [{ name: 'NAME', required: true, complete: 'app' }],
  options: {
    lines: {
      type: 'string',
      short: 'n',
      value: 'N',
      complete: 'none',
      help: `how many of the last lines (${defaultLines}, at most ${mostLines})`,
    },
    follow: { type: 'boolean', short: 'f', help: 'go on with what is written from now on, until Ctrl-C' },
    process: {
      type: 'string',
      short: 'p',
      value: 'P',
      complete: 'none',
      help: 'only of this process or support container',
    },
  },
  details: [
    'Standard output and standard error of all replicas, by time. A lost connection is taken up again where it was lost.',
    'A line that begins with [minicloud] says which lines are missing, where an app writes faster than its log can be read.',
  ],
  json: 'one LogLine on each line: { at, process, replica, release, stream, text, leftOut? }',
  examples: ['minicloud logs shop -n 20', 'minicloud logs shop -f --process worker'],
  async run(context) {
    const { args, out, err, json } = context;
    const [app = ''] = args.positionals;
    const lines = countOf(args.text('lines'));
    const process = args.text('process');
    const input = { app, lines, ...(process === undefined ? {} : { process }) };
    const api = await context.api();
    // Also tells what is the matter when nothing answers, which a stream can't.
    const detail = await api.apps.get.query({ name: app });
    if (process !== undefined) requireProcess(detail, process);
    const print = (line: LogLine) =>
      json ? out.json(line, true) : out.print(logLine(line, out.columns === Number.POSITIVE_INFINITY));
    if (!args.has('follow')) {
      const found = await api.logs.tail.query(input);
      for (const line of found) print(line);
      if (found.length === 0 && lines > 0 && !json) err.print(...nothingWritten(detail, process, err.columns));
      return exitCodes.ok;
    }
    const stop = new AbortController();
    const off = context.onInterrupt(() => stop.abort());
    try {
      await followLogs(api, input, {
        signal: stop.signal,
        onLine: print,
        onLink: (problem) =>
          json || err.print([styled('yellow', problem ? 'Connection lost. Trying again …' : 'The server is back.')]),
      });
    } finally {
      off();
    }
    throw new Interrupted([]);
  },
};

function processesOf({ processes, replicas }: AppDetail): string[] {
  return [...new Set([...processes.map(({ name }) => name), ...replicas.map(({ process }) => process)])];
}

function requireProcess(detail: AppDetail, wanted: string): void {
  const known = processesOf(detail);
  // Before the first release serves it is not known which there will be.
  if (known.length === 0 || known.includes(wanted)) return;
  const meant = closest(wanted, known);
  throw new ProblemError({
    code: 'not_found',
    what: 'There is no such process',
    object: `process ${wanted} of ${detail.name}`,
    why: `It has ${known.join(', ')}.`,
    remedy: meant === undefined ? 'Name one of these, or none for all.' : `Did you mean --process ${meant}?`,
  });
}

/** Why there is no line, and where to look. */
export function nothingWritten(detail: AppDetail, process: string | undefined, columns: number): Line[] {
  const who = `${detail.name}${process === undefined ? '' : `, process ${process},`}`;
  const last = detail.activity.find(({ kind }) => kind === 'deploy' || kind === 'rollback');
  if (detail.replicas.length > 0)
    return [[`${who} has written nothing yet. \`minicloud logs ${detail.name} -f\` waits for it.`]];
  if (last?.problem)
    return [
      [`${who} does not run: its last ${last.kind} ${last.state}, and its replicas are gone with their logs.`],
      ...problemView(last.problem, columns),
      [`More of it: \`minicloud watch ${last.id}\`.`],
    ];
  return [[`${who} does not run, so there is no log. \`minicloud apps:info ${detail.name}\` tells how it is.`]];
}

function countOf(text: string | undefined): number {
  if (text === undefined) return defaultLines;
  const count = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (count <= mostLines) return count;
  throw usage(logs, `--lines ${text}`, `It is a whole number up to ${mostLines}.`);
}

/** Time of day on a terminal, the whole moment in a file, where it may be read another day. */
export function logLine(line: LogLine, whole: boolean): Line {
  const at = new Date(line.at);
  const time = whole
    ? at.toISOString()
    : [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
  const source = /^\d+$/.test(line.replica) ? `${line.process}.${line.replica}` : line.process;
  return [
    styled('dim', time),
    ' ',
    styled(colorOf(line.process), source.padEnd(8)),
    ' ',
    styled(line.stream === 'stderr' ? 'red' : undefined, line.text),
  ];
}

const colors: readonly Style[] = ['cyan', 'green', 'yellow'];

/** The same process always has the same colour. */
function colorOf(process: string): Style {
  const sum = [...process].reduce((total, character) => total + (character.codePointAt(0) ?? 0), 0);
  return colors[sum % colors.length] ?? 'cyan';
}
