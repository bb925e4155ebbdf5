/** The tables of `test/fixtures/language` as data. Used by tests alone. */
import { readdirSync, readFileSync } from 'node:fs';

export interface LanguageCase {
  file: string;
  title: string;
  text: string;
  feature: string;
  expected: string[];
}

const folder = new URL('../../../test/fixtures/language/', import.meta.url);
export const languageCases = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .flatMap((file) => {
    const [, ...parts] = readFileSync(new URL(file, folder), 'utf8').split(/^=== /m);
    return parts.flatMap((part): LanguageCase[] => {
      const titleEnd = part.indexOf('\n');
      const title = part.slice(0, titleEnd);
      const [body = '', ...asked] = part.slice(titleEnd + 1).split(/^>>> /m);
      const text = title.endsWith('(CRLF)') ? body.replaceAll('\n', '\r\n') : body;
      return asked.map((answer) => {
        const [feature = '', ...expected] = answer.replace(/\n+$/, '').split('\n');
        return { file, title, text, feature, expected };
      });
    });
  });
