/** Random identifiers. */
import { randomBytes } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** `length` characters of a-z2-7, 5 bits of randomness each: safe in labels, DNS names and file names. */
export function randomId(length = 10): string {
  const bytes = randomBytes(length);
  let id = '';
  for (const byte of bytes) id += alphabet[byte & 31];
  return id;
}

/** A password of 160 bits in characters that need no escaping in URLs, SQL or shells. */
export function randomPassword(): string {
  return randomId(32);
}
