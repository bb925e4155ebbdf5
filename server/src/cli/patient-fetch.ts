/** A `fetch` that waits. Apart from the rest, because its library is large and most commands don't need it. */
import { Agent, fetch } from 'undici';

/** Node's own `fetch` gives up after five minutes without a first byte, and can't be told otherwise. */
export function patientFetch(headersMs: number): typeof globalThis.fetch {
  const dispatcher = new Agent({ headersTimeout: headersMs, bodyTimeout: 0 });
  return ((input: string, init: object) => fetch(input, { ...init, dispatcher })) as unknown as typeof globalThis.fetch;
}
