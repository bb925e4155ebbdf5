import path from 'node:path';
import { formatDiagnostics, tellable } from 'minicloud-shared/manifest/format';
import type { Diagnostic } from 'minicloud-shared/manifest/model';
import { parseManifest } from 'minicloud-shared/manifest/parse';
import type { Command, Context } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { textLines } from '../screen.ts';
import { findManifests, manifestMaxBytes, noManifest, readManifest } from '../source.ts';
import { type Line, styled } from '../text.ts';

export const validate: Command = {
  name: 'validate',
  summary: 'check manifests, without a server',
  positionals: [{ name: 'FILE', required: false, many: true, complete: 'file' }],
  options: {
    format: {
      type: 'string',
      value: 'FORMAT',
      choices: ['text', 'json', 'github'],
      complete: 'none',
      help: 'how the findings are told',
    },
  },
  details: [
    'FILE is a manifest, a folder with one, or - for standard input; the manifest of this folder unless said otherwise. Rules that need the server, such as a domain that another app has, are checked by plan.',
    'Ends with 5 when there is an error; warnings alone end with 0. The format github makes annotations of a GitHub workflow.',
  ],
  json: '{ valid: boolean, files: { file: string, valid: boolean, diagnostics: Diagnostic[] }[] }; lines and characters of ranges count from 0',
  examples: ['minicloud validate', 'minicloud validate apps/*/cloud_manifest.yml --format github'],
  async run(context) {
    const words = context.args.positionals.length > 0 ? context.args.positionals : ['.'];
    const files = await Promise.all(words.map((word) => check(context, word)));
    const valid = files.every((file) => file.valid);
    const format = context.json ? 'json' : (context.args.text('format') ?? 'text');
    if (format === 'json')
      context.out.json({ valid, files: files.map(({ file, valid, diagnostics }) => ({ file, valid, diagnostics })) });
    else context.out.print(...files.flatMap(format === 'github' ? annotations : report));
    return valid ? exitCodes.ok : exitCodes.refused;
  },
};

export interface Checked {
  file: string;
  text: string;
  valid: boolean;
  diagnostics: Diagnostic[];
}

async function check(context: Context, word: string): Promise<Checked> {
  if (word === '-') return checked('standard input', await context.readInput(manifestMaxBytes));
  const [found] = await findManifests(path.resolve(context.cwd, word));
  if (found === undefined) throw noManifest(word);
  const file = path.relative(context.cwd, found);
  return checked(file, await readManifest(found, file));
}

function checked(file: string, text: string): Checked {
  const { manifest, diagnostics } = parseManifest(text, { fileName: file });
  return { file, text, valid: manifest !== undefined, diagnostics };
}

function report({ file, text, valid, diagnostics }: Checked): Line[] {
  const told = tellable(diagnostics);
  const lines = told.length > 0 ? textLines(formatDiagnostics(text, file, told)) : [];
  return [...lines, [valid ? styled('green', 'valid  ') : styled('red', 'errors  '), file, counts(diagnostics)]];
}

function counts(diagnostics: readonly Diagnostic[]): string {
  const of = (severity: Diagnostic['severity'], word: string) => {
    const count = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return count === 0 ? [] : [`${count} ${word}${count === 1 ? '' : 's'}`];
  };
  const words = [...of('error', 'error'), ...of('warning', 'warning')];
  return words.length > 0 ? `  (${words.join(', ')})` : '';
}

const levels: Record<Diagnostic['severity'], string> = {
  error: 'error',
  warning: 'warning',
  information: 'notice',
  hint: 'notice',
};

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
export function annotations({ file, diagnostics }: Pick<Checked, 'file' | 'diagnostics'>): Line[] {
  return tellable(diagnostics).map(({ severity, code, message, range: { start, end } }) => {
    const oneLine = start.line === end.line;
    const place = [`file=${property(file)}`, `line=${start.line + 1}`, `endLine=${end.line + 1}`];
    // Columns count only where both ends are on one line.
    if (oneLine) place.push(`col=${start.character + 1}`, `endColumn=${Math.max(end.character, start.character + 1)}`);
    return [`::${levels[severity]} ${place.join(',')},title=${property(code)}::${data(message)}`];
  });
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
