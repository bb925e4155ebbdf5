/**
 * Requests that carry an idempotency key: sent again, at once or after a lost answer, they are the same request; the
 * same key with another payload is a `conflict`. The only queries on `request_keys`.
 */
import { createHash } from 'node:crypto';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Cloud } from '../context.ts';

export interface OnceRequest {
  /** Keys of two tokens have nothing to do with one another. */
  tokenId: string;
  /** What is asked for: `deploys.start`. */
  path: string;
  key: string | undefined;
  payload: unknown;
  /** The answer is kept and given again: for work that leaves nothing behind by which it would know itself. */
  remember?: boolean;
}

/** Runs `work` for the first of several same requests; those that come meanwhile get its answer. */
export type Once = <T>(request: OnceRequest, work: () => Promise<T>) => Promise<T>;

/** How long a key is held to its payload. The operation itself keeps its key for good. */
const keptMs = 7 * 86_400_000;

export function createOnce({ db, clock }: Pick<Cloud, 'db' | 'clock'>): Once {
  const underWay = new Map<string, { hash: string; answer: Promise<unknown> }>();

  const begin = async (
    request: OnceRequest,
    key: string,
    hash: string,
  ): Promise<{ first: boolean; answer?: string | null }> => {
    const now = clock.now();
    await db
      .deleteFrom('request_keys')
      .where('created_at', '<', now - keptMs)
      .execute();
    const inserted = await db
      .insertInto('request_keys')
      .values({ token: request.tokenId, key, hash, created_at: now, answer_json: null })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 0n) return { first: true };
    const known = await db
      .selectFrom('request_keys')
      .select(['hash', 'answer_json'])
      .where('token', '=', request.tokenId)
      .where('key', '=', key)
      .executeTakeFirst();
    if (known && known.hash !== hash) throw otherPayload(key);
    return { first: false, answer: known?.answer_json ?? null };
  };

  const remember = (token: string, key: string, answer_json: string) =>
    db.updateTable('request_keys').set({ answer_json }).where('token', '=', token).where('key', '=', key).execute();

  return async <T>(request: OnceRequest, work: () => Promise<T>): Promise<T> => {
    const { key } = request;
    if (key === undefined) return work();
    const hash = payloadHash(request.path, request.payload);
    const place = `${request.tokenId} ${key}`;
    const same = underWay.get(place);
    if (same) {
      if (same.hash !== hash) throw otherPayload(key);
      // Whoever asks with the same key, token and payload asks for the same answer.
      return same.answer as Promise<T>;
    }
    const answer = (async () => {
      const { first, answer } = await begin(request, key, hash);
      if (answer) return JSON.parse(answer) as T;
      try {
        const result = await work();
        if (request.remember) await remember(request.tokenId, key, JSON.stringify(result));
        return result;
      } catch (error) {
        // Nothing was started, so the key is free again: the next try may be a corrected one.
        if (first)
          await db.deleteFrom('request_keys').where('token', '=', request.tokenId).where('key', '=', key).execute();
        throw error;
      }
    })().finally(() => underWay.delete(place));
    underWay.set(place, { hash, answer });
    return answer;
  };
}

function payloadHash(path: string, payload: unknown): string {
  return createHash('sha256')
    .update(`${path}\n${JSON.stringify(sorted(payload))}`)
    .digest('hex');
}

/** The order of keys is no difference. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

function otherPayload(key: string): ProblemError {
  return new ProblemError({
    code: 'conflict',
    what: 'The idempotency key was used for something else',
    object: `key ${key}`,
    why: 'The first request with this key asked for something else than this one.',
    still: 'Nothing was changed; what the first one started goes on.',
    remedy: 'Use a new key for a new request, and the same one only to send the same request again.',
  });
}
