/** Looks through the files around a manifest. A bundle of its own, loaded with the first manifest. */
import {
  readsOf,
  type SourceTree,
  type Survey,
  type SurveyCache,
  surveySource,
} from 'minicloud-shared/env-lint/survey';
import type { SourceReads } from 'minicloud-shared/manifest/model';
import { FileType, Uri, workspace } from 'vscode';

export interface Looked {
  sources: SourceReads;
  complete: boolean;
}

/** What the source in a folder says about a manifest. `cache` is kept by the caller from one look to the next. */
export async function readSources(
  folder: Uri,
  manifest: string,
  cache: SurveyCache,
  cancelled: () => boolean,
): Promise<Looked> {
  const survey: Survey = await surveySource(treeOf(folder, cancelled), cache);
  return { sources: readsOf(survey, manifest), complete: survey.complete };
}

const kinds = new Map<FileType, 'file' | 'folder'>([
  [FileType.File, 'file'],
  [FileType.Directory, 'folder'],
]);
const decoder = new TextDecoder();

function treeOf(root: Uri, cancelled: () => boolean): SourceTree {
  const at = (place: string): Uri => (place === '' ? root : Uri.joinPath(root, place));
  return {
    async list(folder) {
      const entries = await workspace.fs.readDirectory(at(folder));
      return entries.flatMap(([name, type]) => {
        const kind = kinds.get(type);
        return kind ? [{ name, kind }] : [];
      });
    },
    stat: async (file) => workspace.fs.stat(at(file)),
    read: async (file) => decoder.decode(await workspace.fs.readFile(at(file))),
    pause: () => new Promise((resolve) => setTimeout(resolve, 0)),
    now: () => performance.now(),
    cancelled,
  };
}
