/** What this server can execute: compared by name with what a manifest needs, in editor, plan and deploy alike. */
import { requiredFeatures } from 'minicloud-shared/manifest/features';
import type { Manifest } from 'minicloud-shared/manifest/model';
import { features } from 'minicloud-shared/model/system';

/** Manifest keys that can't be executed here, in the order of the file. */
export function missingFeatures(manifest: Manifest): string[] {
  const offered = new Set<string>(features);
  return [...new Set(requiredFeatures(manifest).flatMap(({ feature, path }) => (offered.has(feature) ? [] : [path])))];
}
