/**
 * A `fetch` that waits. Node's own gives up after five minutes without a first byte and can't be told otherwise; the
 * library it is made of can, but takes longer to load than a whole command takes.
 */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Readable } from 'node:stream';

/** What `fetch` does for the API: no redirects, bodies of text. Fails with `TypeError` and the network's error as its cause. */
export function patientFetch(headersMs: number): typeof globalThis.fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const { signal, method = 'GET', body } = init;
    const options: RequestOptions = {
      method,
      headers: Object.fromEntries(new Headers(init.headers)),
      timeout: headersMs,
      ...(signal ? { signal } : {}),
    };
    try {
      const answer = await send(url, options, typeof body === 'string' ? body : undefined);
      return toResponse(answer);
    } catch (error) {
      signal?.throwIfAborted();
      throw new TypeError('fetch failed', { cause: error });
    }
  };
}

async function send(url: URL, options: RequestOptions, body: string | undefined): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? (await import('node:https')).request : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, options, resolve);
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Statuses that `Response` takes no body for. */
const withoutBody = [101, 204, 205, 304];

function toResponse(answer: IncomingMessage): Response {
  const status = answer.statusCode ?? 500;
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  if (withoutBody.includes(status)) {
    answer.resume();
    return new Response(null, { status, headers });
  }
  return new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array>, { status, headers });
}
