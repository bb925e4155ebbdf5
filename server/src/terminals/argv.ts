/** How a command line is shown in the event log. Pure. */
import { looksLikeSecret, maskValue, namedLikeSecret, visible } from 'minicloud-shared/manifest/mask';

const longestWord = 200;
const mostWords = 50;

/** The words with everything masked that is, or is named like, a secret. */
export function shownArgv(argv: readonly string[]): string[] {
  const shown = argv.slice(0, mostWords).map((word, index) => shownWord(word, argv[index - 1] ?? '', argv[0] ?? ''));
  return argv.length > mostWords ? [...shown, `… and ${argv.length - mostWords} more`] : shown;
}

function shownWord(word: string, before: string, program: string): string {
  const [, name, value] = /^-{0,2}([A-Za-z][\w-]*)=(.+)$/s.exec(word) ?? [];
  if (name !== undefined && value !== undefined && hides(name, value))
    return `${word.slice(0, word.length - value.length)}${maskValue(value)}`;
  const option = /^--([A-Za-z][\w-]*)$/.exec(before)?.[1];
  if (option !== undefined && !word.startsWith('-') && namedLikeSecret(option.replaceAll('-', '_'), word))
    return maskValue(word);
  // Clients of MariaDB and Redis take the password in one word with the option, or after it.
  if (/(^|\/)(mysql|mariadb)[\w-]*$/.test(program) && /^-p./.test(word)) return `-p${maskValue(word.slice(2))}`;
  if (/(^|\/)redis-cli$/.test(program) && before === '-a') return maskValue(word);
  // A script holds whatever somebody wrote into it.
  if (looksLikeSecret(word)) return maskValue(word);
  const text = visible(word);
  return text.length > longestWord ? `${text.slice(0, longestWord)}…` : text;
}

function hides(name: string, value: string): boolean {
  return namedLikeSecret(name.replaceAll('-', '_'), value) || looksLikeSecret(value);
}
