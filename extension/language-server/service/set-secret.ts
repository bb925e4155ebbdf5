import type { Diagnostic } from 'minicloud-shared/manifest/model';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { parsePath } from 'minicloud-shared/manifest/path';
import type { Action } from './fix.ts';
import type { Known } from './known.ts';

/**
 * The fixes of a diagnostic, with the one that no edit can be: a secret without a value is given one. It comes first,
 * but behind a name that was meant instead.
 */
export function withSetting(
  fixes: readonly Action[],
  document: ManifestDocument,
  { code, path }: Diagnostic,
  { server, facts }: Known,
): Action[] {
  const node = code === 'manifest/secret-value' ? document.context.nodeAt(parsePath(path)) : undefined;
  if (node?.kind !== 'scalar' || typeof node.value !== 'string') return [...fixes];
  const name = node.value;
  // A name has one kind: as a config var it is unset first.
  if (facts?.config?.[document.context.text.name ?? '']?.includes(name)) return [...fixes];
  const meant = fixes.filter(({ title }) => title.startsWith('Change to '));
  const rest = fixes.filter((each) => !meant.includes(each)).map((each) => ({ ...each, preferred: false }));
  const title = `Set the secret ${name} on ${server ?? 'the server'}…`;
  return [...meant, { title, sets: name, preferred: meant.length === 0 }, ...rest];
}
