/**
 * One HTTP request on a connection of its own, to an address or a socket file. By Node's own client: what a larger one
 * offers (pools, redirects, proxies) is not wanted here, and it would take a tenth of the companion's memory.
 */
import { request } from 'node:http';
import { pipeline, type Readable } from 'node:stream';

export interface HttpQuestion {
  /** Where it goes: a socket file, or a host and port. */
  to: { socketPath: string } | { host: string; port: number };
  method?: 'GET' | 'PUT' | 'PATCH';
  path: string;
  headers?: Record<string, string>;
  body?: Readable;
  /** Ends it at any time, as what it was aborted with. */
  signal: AbortSignal;
  /** The answer's body is read as far as this, bytes; to its end unless said otherwise. */
  mostBytes?: number;
}

/** Rejects with what the connection failed with, or with the reason of the signal. */
export async function askHttp(question: HttpQuestion): Promise<{ status: number; text: string }> {
  const { to, method = 'GET', path, headers, body, signal, mostBytes = Number.POSITIVE_INFINITY } = question;
  try {
    return await new Promise((resolve, reject) => {
      const sent = request({ ...to, method, path, headers, signal, agent: false }, (answer) => {
        const parts: Buffer[] = [];
        let size = 0;
        const done = () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8').slice(0, mostBytes) });
        answer.on('data', (part: Buffer) => {
          parts.push(part);
          size += part.length;
          if (size < mostBytes) return;
          done();
          answer.destroy();
        });
        answer.on('end', done);
        answer.on('error', reject);
      });
      // Nobody asked for another protocol. Unless it is listened for, Node drops the connection without a word.
      sent.on('upgrade', (answer, socket) => {
        socket.destroy();
        resolve({ status: answer.statusCode ?? 0, text: '' });
      });
      sent.on('error', reject);
      if (body) pipeline(body, sent, (error) => error && reject(error));
      else sent.end();
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
