/** What `minicloud validate` does. */
import path from 'node:path';
import type { Diagnostic, ServerFacts } from 'minicloud-shared/manifest/model';
import { usage } from './arguments.ts';
import type { Context } from './command.ts';
import { validate } from './commands/validate.ts';
import { exitCodes } from './exit-codes.ts';
import { textLines } from './screen.ts';
import { findManifests, manifestMaxBytes, noManifestAt, readManifest } from './source.ts';
import { sourceReads } from './source-tree.ts';
import { type Line, styled } from './text.ts';

const [
  { formatDiagnostics, tellable },
  { parseManifestDocument },
  { checkAgainstServer },
  { isOfSource },
  { checkAgainstSource },
] = await Promise.all([
  import('minicloud-shared/manifest/format'),
  import('minicloud-shared/manifest/parse'),
  import('minicloud-shared/manifest/server-rules'),
  import('minicloud-shared/manifest/source-rule-codes'),
  import('minicloud-shared/manifest/source-rules'),
]);

export async function runValidate(context: Context): Promise<number> {
  const words = context.args.positionals.length > 0 ? context.args.positionals : ['.'];
  const most = mostWarnings(context.args.text('max-warnings'));
  if (words.filter((word) => word === '-').length > 1) throw usage(validate, '-', 'Standard input can be read once.');
  const facts = context.args.has('server') ? await (await context.api()).system.facts.query() : undefined;
  const files = await Promise.all(words.map((word) => check(context, word, facts)));
  for (const { file, partly } of files)
    if (partly)
      context.err.print([`Not all of the source beside ${file} was looked through; what nothing reads is not told.`]);
  const valid = files.every((file) => file.valid);
  const warnings = files
    .flatMap(({ diagnostics }) => diagnostics)
    .filter(({ severity }) => severity === 'warning').length;
  const format = context.json ? 'json' : (context.args.text('format') ?? 'text');
  if (format === 'json')
    context.out.json({ valid, files: files.map(({ file, valid, diagnostics }) => ({ file, valid, diagnostics })) });
  else context.out.print(...files.flatMap(format === 'github' ? annotations : report));
  if (valid && warnings > most)
    context.err.print([`${warnings} warnings are more than the ${most} of --max-warnings.`]);
  return valid && warnings <= most ? exitCodes.ok : exitCodes.refused;
}

function mostWarnings(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw usage(validate, `--max-warnings ${text}`, 'It is a whole number, such as 0.');
}

export interface Checked {
  file: string;
  text: string;
  valid: boolean;
  diagnostics: Diagnostic[];
  /** The source beside it was looked through in part. */
  partly: boolean;
}

async function check(context: Context, word: string, facts: ServerFacts | undefined): Promise<Checked> {
  if (word === '-') return checked('standard input', await context.readInput(manifestMaxBytes), facts, undefined);
  const [found] = await findManifests(path.resolve(context.cwd, word));
  if (found === undefined) throw await noManifestAt(word, context.cwd);
  const file = path.relative(context.cwd, found);
  const text = await readManifest(found, file);
  const source = context.args.has('env') ? await sourceReads(path.dirname(found), text) : undefined;
  return checked(file, text, facts, source);
}

function checked(
  file: string,
  text: string,
  facts: ServerFacts | undefined,
  source: Awaited<ReturnType<typeof sourceReads>> | undefined,
): Checked {
  const document = parseManifestDocument(text, { fileName: file });
  const diagnostics = [
    ...document.diagnostics,
    ...checkAgainstServer(document, facts),
    ...checkAgainstSource(document, source?.sources, facts),
  ];
  const valid = diagnostics.every(({ severity }) => severity !== 'error');
  return { file, text, valid, diagnostics, partly: source?.complete === false };
}

/** Hints are for the editor; those of --env were asked for. */
function asked(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const told = new Set(tellable(diagnostics));
  return diagnostics.filter((each) => told.has(each) || isOfSource(each.code));
}

function report({ file, text, valid, diagnostics }: Checked): Line[] {
  const told = asked(diagnostics);
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
  return asked(diagnostics).map(({ severity, code, message, range: { start, end } }) => {
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
