import type { Diagnostic } from 'minicloud-shared/manifest/model';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { parsePath } from 'minicloud-shared/manifest/path';
import type { Action } from './fix.ts';
import type { Known } from './known.ts';

/**
 * The fixes of a diagnostic, with the one that no edit can be: a secret without a value is given one, and one whose
 * value stands in the file has it moved to the server.
 */
export function withSetting(
  fixes: readonly Action[],
  document: ManifestDocument,
  diagnostic: Diagnostic,
  known: Known,
): Action[] {
  if (diagnostic.code === 'manifest/secret-value') return withAsking(fixes, document, diagnostic, known);
  if (diagnostic.code === 'manifest/secret-in-env') return withMoving(fixes, document, diagnostic, known);
  return [...fixes];
}

/** First, but behind a name that was meant instead. */
function withAsking(
  fixes: readonly Action[],
  document: ManifestDocument,
  { path }: Diagnostic,
  { server = 'the server', facts }: Known,
): Action[] {
  const node = document.context.nodeAt(parsePath(path));
  if (node?.kind !== 'scalar' || typeof node.value !== 'string') return [...fixes];
  const name = node.value;
  // A name has one kind: as a config var it is unset first.
  if (facts?.config?.[document.context.text.name ?? '']?.includes(name)) return [...fixes];
  const meant = fixes.filter(({ title }) => title.startsWith('Change to '));
  const rest = fixes.filter((each) => !meant.includes(each)).map((each) => ({ ...each, preferred: false }));
  const title = `Set the secret ${name} on ${server}…`;
  return [...meant, { title, sets: name, preferred: meant.length === 0 }, ...rest];
}

/** First of all, where the server keeps secrets: to move the name alone loses the value. */
function withMoving(
  fixes: readonly Action[],
  { context: { text } }: ManifestDocument,
  { path }: Diagnostic,
  { server = 'the server', facts }: Known,
): Action[] {
  const [, name] = parsePath(path);
  const moves = fixes.find(({ title }) => title.startsWith('Move '))?.edits;
  if (!moves || text.name === undefined || !facts?.complete || !facts.features.includes('config')) return [...fixes];
  const title = `Move ${name} to the secrets, and its value to ${server}`;
  return [
    { title, sets: String(name), moves, preferred: true },
    ...fixes.map((each) => ({ ...each, preferred: false })),
  ];
}
