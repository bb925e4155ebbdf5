import { describeError } from 'minicloud-shared/client/describe-error';
import { type Disposable, workspace } from 'vscode';
import { fromDocument, isManifest } from '../deploy/manifest-source.ts';
import type { Services } from '../services.ts';

/** Saving a manifest shows what would change: an open plan of it is made again, in its place. */
export function followSaves({ plans, language, drift, output }: Services): Disposable {
  return workspace.onDidSaveTextDocument(async (document) => {
    if (!isManifest(document.uri)) return;
    const source = fromDocument(document);
    for (const shown of plans.of(document.uri)) {
      if (shown.source.text === source.text) continue;
      const { live, image } = shown;
      try {
        const answer = await live.api.plans.create.mutate({
          manifest: source.text,
          fileName: source.fileName,
          ...(image ? { image } : {}),
        });
        language.showServerDiagnostics(source.uri, answer.diagnostics);
        if (!answer.plan) continue;
        plans.replace({ ...shown, plan: answer.plan, source });
        drift.learn({ plan: answer.plan, live, source, ...(image ? { image } : {}) });
      } catch (error) {
        const problem = describeError(error, live.server.name);
        output.warn(`${problem.what}: ${problem.why}`);
      }
    }
  });
}
