import type { SurveyCache } from 'minicloud-shared/env-lint/survey';
import type { SourceReads } from 'minicloud-shared/manifest/model';
import { sourceRuleCodes } from 'minicloud-shared/manifest/source-rule-codes';
import { type Disposable, type TextDocument, Uri, window, workspace } from 'vscode';

/** Told what the source around an open manifest reads; null when that is not known. */
export type TellSources = (uri: string, sources: SourceReads | null) => Promise<void>;

export interface EnvLint extends Disposable {
  /** Looks at the files around all open manifests, when nothing else is done. */
  look(): void;
}

/** What is written meanwhile is seen by the same look. */
const quietMs = 400;
/** Between two looks at a source that is too much for one. */
const againMs = 2_000;

/**
 * Keeps what the source around open manifests reads. Looks when files are saved, made, moved or removed and when a
 * person comes to a manifest; never while somebody types.
 */
export function createEnvLint(manifests: () => readonly TextDocument[], tell: TellSources): EnvLint {
  const caches = new Map<string, SurveyCache>();
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let again = false;
  let disposed = false;

  const look = (afterMs = quietMs): void => {
    if (running) again = true;
    clearTimeout(timer);
    if (!running && !disposed) timer = setTimeout(() => void run(), afterMs);
  };

  const run = async (): Promise<void> => {
    running = true;
    again = false;
    let more = false;
    try {
      for (const document of manifests()) more = (await lookAround(document)) || more;
    } catch {
      // The language server ended meanwhile; its next start looks again.
    } finally {
      running = false;
      if (again) look();
      else if (more) look(againMs);
    }
  };

  /** True when there is more to see than was seen now. */
  const lookAround = async (document: TextDocument): Promise<boolean> => {
    const { uri } = document;
    const key = uri.toString();
    // Elsewhere than on this machine every file is a request; a folder outside of the workspace may be anything.
    if (uri.scheme !== 'file' || !workspace.getWorkspaceFolder(uri) || !isWanted(uri)) {
      await tell(key, null);
      return false;
    }
    const cache = caches.get(key) ?? new Map();
    caches.set(key, cache);
    const known = cache.size;
    const { readSources } = await import('./read-sources.ts');
    const { sources, complete } = await readSources(Uri.joinPath(uri, '..'), document.getText(), cache, () => disposed);
    if (disposed) return false;
    await tell(key, sources);
    return !complete && cache.size > known;
  };

  const subscriptions: Disposable[] = [
    workspace.onDidSaveTextDocument(() => look()),
    workspace.onDidCreateFiles(() => look()),
    workspace.onDidDeleteFiles(() => look()),
    workspace.onDidRenameFiles(() => look()),
    workspace.onDidCloseTextDocument(({ uri }) => caches.delete(uri.toString())),
    window.onDidChangeActiveTextEditor((editor) => {
      if (editor && manifests().includes(editor.document)) look();
    }),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('minicloud.manifest.severity')) look();
    }),
  ];
  return {
    look: () => look(),
    dispose() {
      disposed = true;
      clearTimeout(timer);
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}

/** False when all of it is switched off: then no file is read. */
function isWanted(uri: Uri): boolean {
  const severity = workspace.getConfiguration('minicloud.manifest', uri).get<Record<string, string>>('severity', {});
  return sourceRuleCodes.some((code) => severity[code] !== 'off');
}
