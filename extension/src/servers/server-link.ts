/** Links that add a server: `vscode://minicloud.minicloud/add-server?url=…&code=…`. Pure. */
import { isUnprotected, parseServerUrl } from './server.ts';

export interface ServerLink {
  /** Normalised address of the API. */
  url: string;
  /** Redeemed once, soon, for a token; the link itself holds none. */
  code: string;
}

export type LinkResult = ServerLink | { problem: 'not-ours' | 'address' | 'unprotected' | 'code' };

const codePattern = /^mc_code_[A-Za-z0-9_-]{22,200}$/;
const known = new Set(['url', 'code']);

/**
 * A link comes from anywhere: a mail, a web page. What is not exactly a server's address and a code is refused; plain
 * HTTP to another machine as well, for the token that is asked for would travel in the open.
 */
export function parseServerLink(path: string, query: string): LinkResult {
  if (path !== '/add-server') return { problem: 'not-ours' };
  const parameters = new URLSearchParams(query);
  const names = [...parameters.keys()];
  if (names.some((name) => !known.has(name)) || new Set(names).size !== names.length) return { problem: 'not-ours' };
  const written = parameters.get('url') ?? '';
  // Written out in full: what `localhost` alone would mean is for people who type.
  if (!/^https?:\/\//i.test(written)) return { problem: 'address' };
  const parsed = parseServerUrl(written);
  if ('problem' in parsed) return { problem: 'address' };
  if (isUnprotected(parsed.url)) return { problem: 'unprotected' };
  const code = parameters.get('code') ?? '';
  return codePattern.test(code) ? { url: parsed.url, code } : { problem: 'code' };
}
