/**
 * Secrets at rest: AES-256-GCM, a random nonce each, and the place of the value (table|row|column) as additional
 * data, so that a ciphertext moved to another row does not open. The key is a file of mode 0600 outside the database.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { ProblemError } from 'minicloud-shared/model/problem';
import { readFileIfThere, writeFileAtomic } from './atomic-file.ts';

export interface Sealer {
  seal(plain: string, place: string): string;
  /** Throws `internal` when the ciphertext was changed, moved or made with another key. */
  open(sealed: string, place: string): string;
}

const nonceBytes = 12;
const tagBytes = 16;

export function createSealer(key: Uint8Array): Sealer {
  return {
    seal(plain, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(Buffer.from(place));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
    },
    open(sealed, place) {
      try {
        const bytes = Buffer.from(sealed, 'base64');
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes));
        decipher.setAAD(Buffer.from(place));
        decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString(
          'utf8',
        );
      } catch (cause) {
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
      }
    },
  };
}

/** Reads the key, or makes one the first time. */
export async function loadKey(path: string): Promise<Uint8Array> {
  const stored = await readFileIfThere(path);
  if (stored !== undefined) {
    await chmod(path, 0o600);
    const key = Buffer.from(stored.trim(), 'base64');
    if (key.length === 32) return key;
    throw new ProblemError({
      code: 'internal',
      what: 'The key of this installation is damaged',
      object: path,
      why: `It holds ${key.length} bytes instead of 32.`,
      remedy: 'Put the file back from a backup; without it stored passwords are lost and must be set again.',
    });
  }
  const key = randomBytes(32);
  await writeFileAtomic(path, `${key.toString('base64')}\n`, 0o600);
  return key;
}
