/** JSON of somebody else. */
import type { NotImported } from './model.ts';

/** The value of a JSON text, or what is wrong with it. The parser's own message is not told: it quotes the text. */
export function readJson(text: string, name: string): { value: unknown } | NotImported {
  try {
    return { value: JSON.parse(text.replace(/^\ufeff/, '')) as unknown };
  } catch {
    return { ok: false, why: `${name} is no JSON.`, remedy: 'Correct the file, and try again.' };
  }
}
