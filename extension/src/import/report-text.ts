/** What became of each field, as a page beside the manifest that was made. */
import type { Imported } from 'minicloud-shared/import/model';
import type { Translate } from '../translate.ts';

/**
 * Lines of Markdown. Words of the imported file stand in code, so that none of them is a link or a picture. `server` is
 * the one whose features are known; without it what is said is true of this version.
 */
export function reportText(
  from: string,
  { mapped, notMapped, secrets, notes, notOffered }: Imported,
  translate: Translate,
  server?: string,
): string {
  const section = (title: string, items: readonly string[]): string[] =>
    items.length === 0 ? [] : ['', `## ${title}`, '', ...items.map((item) => `- ${item}`)];
  const lines = [
    `# ${translate('Import of {0}', from)}`,
    '',
    translate('{0}, {1} not. Nothing was written yet.', mappedText(mapped.length, translate), notMapped.length),
    ...section(
      `${notOfferedTitle(translate, server)} (${notOffered.length})`,
      notOffered.map(({ path, label, remedy }) =>
        translate('{0}: {1}. A deploy is refused while it is there: take it out, or {2}.', code(path), label, remedy),
      ),
    ),
    ...section(
      translate('To be set on the server ({0})', secrets.length),
      secrets.map(({ name, field }) => `${code(name)} ← ${code(field)}`),
    ),
    ...section(
      translate('Not taken over ({0})', notMapped.length),
      notMapped.map(({ field, why }) => `${code(field)}: ${plain(why)}`),
    ),
    ...section(translate('To know ({0})', notes.length), notes.map(plain)),
    ...section(
      translate('Mapped ({0})', mapped.length),
      mapped.map(({ field, to }) => `${code(field)} → ${plain(to)}`),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** What became of an import, in one sentence. */
export function outcomeText(
  from: string,
  { mapped, notMapped, secrets, notOffered }: Imported,
  translate: Translate,
  server?: string,
): string {
  const toSet = secrets.length === 1 ? translate('1 secret to set') : translate('{0} secrets to set', secrets.length);
  const count = mappedText(mapped.length, translate);
  const became = translate('{0}: {1}, {2} not, {3}.', from, count, notMapped.length, toSet);
  if (notOffered.length === 0) return became;
  const keys = [...new Set(notOffered.map(({ path }) => path))].join(', ');
  return `${became} ${notOfferedTitle(translate, server)}: ${keys}.`;
}

function notOfferedTitle(translate: Translate, server: string | undefined): string {
  return server === undefined
    ? translate('Not available in this version of Minicloud yet')
    : translate('Not available on {0} yet', server);
}

function mappedText(count: number, translate: Translate): string {
  return count === 1 ? translate('1 field mapped') : translate('{0} fields mapped', count);
}

function code(text: string): string {
  return `\`${text.replaceAll('`', 'ˋ')}\``;
}

/** Without what Markdown would make something of. */
function plain(text: string): string {
  return text.replace(/[\\`[\]<>]/g, '\\$&');
}
