/** Commands of Compose: lists, or one line that Compose itself splits without a shell. */
import { listOf, textsOf } from '../values.ts';

/**
 * The arguments of a command. Undefined when there is none. Where a manifest refuses `$` and `;` in a line, Compose
 * passes them on as they are, so that `sh -c "echo $HOME"` reaches its shell.
 * https://github.com/compose-spec/compose-spec/blob/main/05-services.md#command
 */
export function commandOf(value: unknown): string[] | undefined {
  const words = Array.isArray(value)
    ? textsOf(value)
    : listOf(value).length > 0
      ? splitWords(textsOf(value)[0] ?? '')
      : [];
  return words.length > 0 && words[0] !== '' ? words : undefined;
}

/** Quotes and backslashes as in a shell, and nothing else of one. */
function splitWords(line: string): string[] {
  const words: string[] = [];
  const word = /(?:"(?:[^"\\]|\\[\s\S])*"?|'[^']*'?|\\[\s\S]|[^\s"'\\]|\\$)+/g;
  for (const [found] of line.matchAll(word)) {
    words.push(
      found.replace(
        /"((?:[^"\\]|\\[\s\S])*)"?|'([^']*)'?|\\([\s\S])/g,
        (_, double?: string, single?: string, one?: string) => {
          if (double !== undefined)
            return double.replace(/\\(["\\$`\n])/g, (__, character: string) => (character === '\n' ? '' : character));
          return single ?? one ?? '';
        },
      ),
    );
  }
  return words;
}
