/** A server as this editor remembers it, and what may be typed as its address. */

export interface Server {
  /** Made when it was added; tokens and tree items hang on it, so that renaming changes neither. */
  id: string;
  name: string;
  /** Address of the API, normalised by `parseServerUrl`. */
  url: string;
  /** PEM of the authority that the person chose to trust for this server, when no public one signed its certificate. */
  ca?: string;
}

export type UrlResult = { url: string } | { problem: 'empty' | 'not-a-url' | 'scheme' | 'credentials' | 'path' };

const defaultPort = '9443';

/**
 * What was typed, as an address: `localhost` becomes `http://localhost:9443`, any other bare name `https://NAME:9443`.
 * Plain HTTP is the default for the machine itself only: a token would travel in the open everywhere else.
 */
export function parseServerUrl(typed: string): UrlResult {
  const text = typed.trim();
  if (!text) return { problem: 'empty' };
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const guess = hasScheme ? text : `${isLoopback(hostOf(text)) ? 'http' : 'https'}://${text}`;
  if (!URL.canParse(guess)) return { problem: 'not-a-url' };
  const url = new URL(guess);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { problem: 'scheme' };
  if (url.username || url.password || url.search || url.hash) return { problem: 'credentials' };
  if (url.pathname !== '/') return { problem: 'path' };
  if (!url.port && !hasScheme) url.port = defaultPort;
  return { url: url.origin };
}

/** True when requests to this address leave the machine unencrypted. */
export function isUnprotected(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !isLoopback(hostname);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function hostOf(text: string): string {
  return text.startsWith('[') ? text.slice(0, text.indexOf(']') + 1) : (text.split(/[:/]/)[0] ?? text);
}
