/** `.env` files as a source of values that a server is given: nothing in them is guessed. */
import { readDotenv, unreadLines } from '../import/dotenv.ts';
import { configNamePattern } from '../model/config.ts';

export interface EnvFile {
  /** In the order of the file; of two lines with one name the later counts. */
  values: Map<string, string>;
  /** What would not be taken as it stands, by name or line. No value is in it. */
  problems: string[];
  /** Lines that set nothing, by number: where there are any, the values around them may be parts of longer ones. */
  unread: number[];
}

/**
 * The variables of a `.env` file, as Compose reads them. A value that names a variable which the file does not set is a
 * problem: where it came from a shell it would be another value each time, and a password with a `$` would be cut.
 */
export function readEnvFile(text: string): EnvFile {
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, { text: value, missing }] of readDotenv(text)) {
    if (!configNamePattern.test(name)) problems.push(`${name} can not be the name of a variable`);
    else if (missing.length > 0)
      problems.push(
        // What follows the `$` may be the rest of a password.
        `${name} has a $ that stands for a variable which the file does not set; put the value in single quotes to have it as it stands`,
      );
    else values.set(name, value);
  }
  const unread = unreadLines(text);
  problems.push(...unread.map((number) => `line ${number} is no NAME=value line`));
  if (values.size + problems.length === 0) problems.push('there is no NAME=value line');
  return { values, problems, unread };
}
