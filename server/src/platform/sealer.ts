/**
 * Secrets at rest: AES-256-GCM, a random nonce each, and the place of the value (table|row|column) as additional
 * data, so that a ciphertext moved to another row does not open. The key is a file of mode 0600 outside the database;
 * while it is being changed the file holds both keys, the new one first.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { ProblemError } from 'minicloud-shared/model/problem';
import { readFileIfThere, writeFileAtomic } from './atomic-file.ts';

export interface Sealer {
  seal(plain: string, place: string): string;
  /** Throws `internal` when the ciphertext was changed, moved or made with another key. */
  open(sealed: string, place: string): string;
  /** True when it opens with the key that seals now. */
  isCurrent(sealed: string, place: string): boolean;
  /** The same for the same text, and nothing that a text can be guessed by without the key. */
  fingerprint(text: string): string;
  /** Seals with the first of these from now on, and opens what any of them sealed. */
  use(keys: readonly Uint8Array[]): void;
  /** The first one seals. */
  keys(): readonly Uint8Array[];
}

const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

/** With the first of the keys it seals; see `Sealer.use`. */
export function createSealer(given: Uint8Array | readonly Uint8Array[]): Sealer {
  let keys = given instanceof Uint8Array ? [given] : given;
  const sealing = (): Uint8Array => {
    const [first] = keys;
    if (!first) throw new Error('there is no key to seal with');
    return first;
  };
  return {
    seal(plain, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', sealing(), nonce);
      cipher.setAAD(Buffer.from(place));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
    },
    open(sealed, place) {
      let cause: unknown;
      for (const key of keys) {
        try {
          return openWith(key, sealed, place);
        } catch (error) {
          cause = error;
        }
      }
      throw new ProblemError(
        {
          code: 'internal',
          what: 'A stored secret could not be opened',
          object: place,
          why: 'It was changed, moved, or sealed with another key than the one in secret.key.',
          remedy: 'Put back the secret.key that belongs to this database, or set the value again.',
        },
        { cause },
      );
    },
    isCurrent(sealed, place) {
      try {
        openWith(sealing(), sealed, place);
        return true;
      } catch {
        return false;
      }
    },
    fingerprint: (text) => createHmac('sha256', sealing()).update(`fingerprint\n${text}`).digest('base64'),
    use(next) {
      keys = next;
    },
    keys: () => keys,
  };
}

/** Throws when the text was sealed with another key, at another place, or changed: the tag tells. */
function openWith(key: Uint8Array, sealed: string, place: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(place));
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8');
}

/** Reads the keys, the one that seals first; makes one the first time. */
export async function loadKeys(path: string): Promise<readonly Uint8Array[]> {
  const stored = await readFileIfThere(path);
  if (stored === undefined) {
    const keys = [makeKey()];
    await storeKeys(path, keys);
    return keys;
  }
  await chmod(path, 0o600);
  const keys = stored
    .trim()
    .split('\n')
    .map((line) => Buffer.from(line.trim(), 'base64'));
  const damaged = keys.find((key) => key.length !== keyBytes);
  if (!damaged) return keys;
  throw new ProblemError({
    code: 'internal',
    what: 'The key of this installation is damaged',
    object: path,
    why: `It holds ${damaged.length} bytes instead of ${keyBytes}.`,
    remedy: 'Put the file back from a backup; without it stored passwords are lost and must be set again.',
  });
}

export function makeKey(): Uint8Array {
  return randomBytes(keyBytes);
}

/** Readable by the owner alone, and either the old file or the new one after a power cut. */
export async function storeKeys(path: string, keys: readonly Uint8Array[]): Promise<void> {
  const lines = keys.map((key) => `${Buffer.from(key).toString('base64')}\n`);
  await writeFileAtomic(path, lines.join(''), 0o600);
}
