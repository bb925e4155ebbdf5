/** Names under the server's own domain: every app has its own, before it is there and while it is. */
import { appNamePattern } from '../model/app.ts';

/**
 * Why an app may not have a normalized domain, as a sentence; undefined when it is open to whoever claims it first.
 * NAME.SERVER-DOMAIN and all below it are kept for the app NAME, so that no app can stand where another one's visitors
 * will look for it; a wildcard over all of them is nobody's.
 */
export function reservedDomain(name: string, app: string, serverDomain: string): string | undefined {
  const end = `.${serverDomain}`;
  if (serverDomain === '' || !name.endsWith(end)) return undefined;
  const child = name.slice(0, -end.length).split('.').at(-1) ?? '';
  if (child === '*') return `${name} would cover the names of all apps of this server`;
  if (child === app || !appNamePattern.test(child)) return undefined;
  return `Under ${serverDomain}, ${child}${end} and what is below it are kept for an app called ${child}`;
}
