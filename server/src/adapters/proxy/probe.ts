/** One request through the proxy's listening port, as a visitor would send it, to a target of our choice. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ProxyProbe, ProxyProbeAnswer } from './contract.ts';

export interface ProbeDoor {
  address: string;
  port: number;
  tls: boolean;
  /** Proves to the proxy that the companion asks. */
  secret: string;
}

/** Never throws for what is answered; a cancelled one rejects. */
export async function probeThrough(
  door: ProbeDoor,
  probe: ProxyProbe,
  signal?: AbortSignal,
): Promise<ProxyProbeAnswer> {
  const deadline = AbortSignal.timeout(probe.timeoutMs);
  try {
    const answer = await get(door, probe, signal ? AbortSignal.any([signal, deadline]) : deadline);
    // A body that never ends must not hold the connection; what matters was in the header.
    answer.destroy();
    const status = answer.statusCode ?? 0;
    const tried = String(answer.headers['x-minicloud-answered'] ?? '');
    return {
      status,
      address: tried.split(/[,:]\s+/).at(-1) ?? '',
      fromProxy: answer.headers['x-minicloud-page'] !== undefined || tried === '',
      error: '',
    };
  } catch (error) {
    signal?.throwIfAborted();
    const why = deadline.aborted ? `no answer in ${probe.timeoutMs} ms` : error instanceof Error ? error.message : '';
    return { status: 0, address: '', fromProxy: false, error: why };
  }
}

function get(door: ProbeDoor, probe: ProxyProbe, signal: AbortSignal): Promise<IncomingMessage> {
  const options = {
    host: door.address,
    port: door.port,
    path: probe.path,
    agent: false as const,
    signal,
    headers: {
      host: probe.host,
      'x-minicloud-probe': door.secret,
      ...(probe.address !== undefined && { 'x-minicloud-target': probe.address }),
    },
  };
  return new Promise((resolve, reject) => {
    const sent = door.tls
      ? // Whether the certificate is valid is another question, asked elsewhere.
        httpsRequest({ ...options, servername: probe.host, rejectUnauthorized: false }, resolve)
      : httpRequest(options, resolve);
    // Unless it is listened for, Node drops an answer of another protocol without a word.
    sent.on('upgrade', (answer, socket) => {
      socket.destroy();
      resolve(answer);
    });
    sent.on('error', reject);
    sent.end();
  });
}
