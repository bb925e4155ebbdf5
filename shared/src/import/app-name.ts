/** Names of apps from what other things are called. */
import { appName } from '../manifest/schema-scalars.ts';
import { fit } from './values.ts';

/** The first of the texts that resembles an app's name, made into one; `myapp` when none does. */
export function appNameOf(...texts: (string | undefined)[]): string {
  for (const text of texts) {
    const plain = text?.normalize('NFKD').replace(/\p{M}+/gu, '');
    const name = plain === undefined ? undefined : fit(appName, plain);
    if (name !== undefined) return name;
  }
  return 'myapp';
}
