import { createHash } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { connect, type DetailedPeerCertificate } from 'node:tls';

/**
 * A `fetch` that trusts one more authority. Node's own takes no authority per request without a second copy of its
 * HTTP client in the bundle. Requests with a text body and streamed answers only, which is all that the API needs.
 */
export function fetchTrusting(ca: string): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const body = request.body ? Buffer.from(await request.arrayBuffer()) : undefined;
    return new Promise<Response>((resolve, reject) => {
      const outgoing = httpsRequest(
        request.url,
        { method: request.method, headers: Object.fromEntries(request.headers), ca, signal: request.signal },
        (incoming) => {
          const headers = new Headers();
          for (const [name, value] of Object.entries(incoming.headers)) {
            if (value !== undefined) headers.set(name, String(value));
          }
          const status = incoming.statusCode ?? 502;
          const bodiless = status === 204 || status === 304;
          resolve(new Response(bodiless ? null : (Readable.toWeb(incoming) as ReadableStream), { status, headers }));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  };
}

export interface Authority {
  pem: string;
  subject: string;
  /** SHA-256 in pairs of hex digits, as people compare it. */
  fingerprint: string;
}

/** Shows the authority at the end of a server's certificate chain, without trusting it. Waits `limitMs` at most. */
export function readAuthority(url: string, limitMs = 5_000): Promise<Authority> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port || 443), servername: host, rejectUnauthorized: false }, () => {
      const authority = lastOf(socket.getPeerCertificate(true));
      socket.destroy();
      const base64 = authority.raw.toString('base64').replace(/.{64}/g, '$&\n');
      resolve({
        pem: `-----BEGIN CERTIFICATE-----\n${base64.trimEnd()}\n-----END CERTIFICATE-----\n`,
        subject: String(authority.subject?.CN ?? authority.subject?.O ?? host),
        fingerprint: (createHash('sha256').update(authority.raw).digest('hex').match(/../g) ?? [])
          .join(':')
          .toUpperCase(),
      });
    });
    socket.setTimeout(limitMs, () => socket.destroy(new Error(`${host} did not answer in ${limitMs / 1000} s`)));
    socket.on('error', reject);
  });
}

function lastOf(certificate: DetailedPeerCertificate): DetailedPeerCertificate {
  let last = certificate;
  while (last.issuerCertificate && last.issuerCertificate !== last) last = last.issuerCertificate;
  return last;
}
