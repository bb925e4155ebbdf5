import type { Range } from 'minicloud-shared/manifest/model';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { spanRange } from 'minicloud-shared/manifest/source';
import { isMap, isScalar, type Node, type Pair } from 'yaml';

/** The little that the editor needs to know about a manifest before a server looks at it. */
export interface ManifestSummary {
  name?: string;
  /** The key `name`: what is told about the app stands above it. */
  nameRange?: Range;
  /** False: neither an image nor a build is named, so the deploy has to bring an image. */
  hasImage: boolean;
  forward: boolean;
  /** Backups are asked for, so that the last one is worth telling. */
  backup: boolean;
  /** Names that it lists under `secrets`. */
  secrets: string[];
  errors: number;
}

export function summarize(document: ManifestDocument): ManifestSummary {
  const contents = document.doc.contents as Node | null;
  const pair = isMap(contents) ? contents.items.find(isName) : undefined;
  const name = pair?.value;
  const range = (pair?.key as Node | undefined)?.range;
  const has = (key: string): boolean => isMap(contents) && contents.has(key);
  return {
    ...(isScalar(name) && typeof name.value === 'string' ? { name: name.value } : {}),
    ...(range ? { nameRange: spanRange(document.lines, [range[0], range[1]]) } : {}),
    hasImage: has('image') || has('build'),
    forward: has('forward'),
    backup: has('backup'),
    secrets: (document.context.text.secrets ?? []).filter((name) => name !== undefined),
    errors: document.diagnostics.filter(({ severity }) => severity === 'error').length,
  };
}

function isName({ key }: Pair): boolean {
  return isScalar(key) && key.value === 'name';
}
