/** Keys that the schema allows and the rest of the manifest rules out: they would only be offered to be refused. */
import type { PartialText } from 'minicloud-shared/manifest/schema';
import { fits } from './candidates.ts';
import type { ManifestPath } from './locate.ts';

const besideForward = ['version', 'name', 'environment', 'forward'];
const byBuildType = ['dockerfile', 'static', 'nixpacks', 'compose'];
const forHttp = ['domains', 'path', 'max_body', 'timeout'];

const tests: readonly [
  map: string,
  unfit: (key: string, siblings: readonly string[], text: PartialText, map: ManifestPath) => boolean,
][] = [
  [
    '',
    (key, siblings) =>
      siblings.includes('forward')
        ? !besideForward.includes(key)
        : key === 'forward' && siblings.some((sibling) => !besideForward.includes(sibling)),
  ],
  [
    'build',
    (key, siblings, text) =>
      siblings.includes('type') && byBuildType.includes(key) && key !== (text.build?.type ?? key),
  ],
  [
    'expose.*',
    (key, _, text, map) => forHttp.includes(key) && (text.expose?.[Number(map[1])]?.proto ?? 'http') !== 'http',
  ],
];

/** Whether a key makes sense in a map beside what is written. */
export function isUnfit(map: ManifestPath, key: string, siblings: readonly string[], text: PartialText): boolean {
  return tests.find(([at]) => fits(at, map))?.[1](key, siblings, text, map) ?? false;
}
