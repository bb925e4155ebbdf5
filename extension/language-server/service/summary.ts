import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { isMap, isScalar, type Node } from 'yaml';

/** The little that the editor needs to know about a manifest before a server looks at it. */
export interface ManifestSummary {
  name?: string;
  /** False: neither an image nor a build is named, so the deploy has to bring an image. */
  hasImage: boolean;
  forward: boolean;
  errors: number;
}

export function summarize(document: ManifestDocument): ManifestSummary {
  const contents = document.doc.contents as Node | null;
  const name = isMap(contents) ? contents.get('name', true) : undefined;
  const has = (key: string): boolean => isMap(contents) && contents.has(key);
  return {
    ...(isScalar(name) && typeof name.value === 'string' ? { name: name.value } : {}),
    hasImage: has('image') || has('build'),
    forward: has('forward'),
    errors: document.diagnostics.filter(({ severity }) => severity === 'error').length,
  };
}
