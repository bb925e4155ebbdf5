/** Which names the API answers to: a page whose name was pointed at this machine (DNS rebinding) must get nothing. */
import type { Socket } from 'node:net';
import type { Problem } from 'minicloud-shared/model/problem';
import type { Config } from '../config.ts';

/** As a tunnel brings it here, whatever the API listens on. */
const always = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Why a request by that name is not answered; undefined when it is. An address is its own proof when the connection
 * came to it: no name was looked up, so none can have been turned.
 */
export function hostRefusal(
  host: string | undefined,
  { apiHost, apiNames }: Pick<Config, 'apiHost' | 'apiNames'>,
  { localAddress }: Pick<Socket, 'localAddress'>,
): Problem | undefined {
  const hostname = hostnameOf(host ?? '');
  const here = localAddress === undefined ? [] : [hostOfUrl(localAddress.replace(/^::ffff:(?=[\d.]+$)/, ''))];
  const answered = [...always, ...here, ...apiNames.map(hostOfUrl), hostOfUrl(apiHost)];
  if (hostname !== undefined && answered.includes(hostname)) return undefined;
  const shown = (hostname ?? host ?? '').slice(0, 100);
  return {
    code: 'host_refused',
    what: 'The server does not answer to this name',
    object: shown === '' ? 'a request without a name' : shown,
    why: 'It answers to the address that it is reached at and to the names that it was given: any other may be a page that poses as it.',
    still: 'Nothing was changed.',
    remedy: `Use the server's address, or start it with --api-name ${hostname ?? 'NAME'}.`,
    evidence: [],
  };
}

/** As it stands between `http://` and the port, in its one form: an IPv6 address in brackets, as short as it gets. */
export function hostOfUrl(address: string): string {
  const text = address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
  return hostnameOf(text) ?? text;
}

/** Where programs of this machine reach an API that listens there. */
export function localUrl(apiHost: string, port: number): string {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '[::]': '[::1]' };
  const host = hostOfUrl(apiHost);
  return `http://${everywhere[host] ?? host}:${port}`;
}

function hostnameOf(host: string): string | undefined {
  if (!/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i.test(host)) return undefined;
  return URL.parse(`http://${host}`)?.hostname;
}
