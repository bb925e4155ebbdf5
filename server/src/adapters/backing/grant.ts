/** What every backing does alike with a grant. */
import { ProblemError } from 'minicloud-shared/model/problem';
import type { BackingGrant } from './contract.ts';

/** The name itself when it may be one, so that it can stand in a statement as it is. Throws `invalid_input`. */
export function checkedName(name: string): string {
  if (/^[a-z0-9_]{1,32}$/.test(name)) return name;
  throw new ProblemError({
    code: 'invalid_input',
    what: 'A database can not be called so',
    object: `database ${name.slice(0, 40)}`,
    why: 'A name is 1 to 32 of a-z, 0-9 and _.',
    still: 'Nothing was changed.',
    remedy: 'Choose another name.',
  });
}

/** The URL by which an app reaches its database. Holds the password. */
export function grantUrl(scheme: string, { name, password }: BackingGrant, host: string, port: number): string {
  return `${scheme}://${checkedName(name)}:${encodeURIComponent(password)}@${host}:${port}/${name}`;
}
