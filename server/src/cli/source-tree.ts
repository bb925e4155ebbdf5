/** The source beside a manifest on this machine, for what reads its variables. */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import {
  readsOf,
  type SourceTree,
  type Survey,
  type SurveyCache,
  surveySource,
} from 'minicloud-shared/env-lint/survey';
import type { SourceReads } from 'minicloud-shared/manifest/model';

/** Nobody types meanwhile: what one survey leaves for lack of time, the next goes on with. */
const mostRounds = 10;

/** What the source in a folder says about a manifest; `complete` is false when there is more than is looked at. */
export async function sourceReads(
  folder: string,
  manifest: string,
): Promise<{ sources: SourceReads; complete: boolean }> {
  const cache: SurveyCache = new Map();
  const tree = sourceTree(folder);
  let survey: Survey = { complete: false, scans: new Map() };
  for (let round = 0; round < mostRounds && !survey.complete; round += 1) {
    const before = survey.scans.size;
    survey = await surveySource(tree, cache);
    if (survey.scans.size === before) break;
  }
  return { sources: readsOf(survey, manifest), complete: survey.complete };
}

function sourceTree(root: string): SourceTree {
  const at = (place: string): string => path.join(root, place);
  return {
    async list(folder) {
      const entries = await readdir(at(folder), { withFileTypes: true });
      return entries.flatMap((entry) => {
        const kind = entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : undefined;
        return kind ? [{ name: entry.name, kind } as const] : [];
      });
    },
    async stat(file) {
      const { size, mtimeMs } = await stat(at(file));
      return { size, mtime: mtimeMs };
    },
    read: (file) => readFile(at(file), 'utf8'),
    pause: () => turn(undefined),
    now: () => performance.now(),
    cancelled: () => false,
  };
}
