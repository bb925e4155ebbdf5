import { describeError } from 'minicloud-shared/client/describe-error';
import { type Disposable, l10n, workspace } from 'vscode';
import { fromDocument, isManifest } from '../deploy/manifest-source.ts';
import type { Services } from '../services.ts';

/**
 * Saving a manifest shows what would change: an open plan of it is made again, in its place. Where there can be none,
 * the old one says so and is not deployed: it is of a text that is no more.
 */
export function followSaves({ plans, language, drift, output }: Services): Disposable {
  return workspace.onDidSaveTextDocument(async (document) => {
    if (!isManifest(document.uri)) return;
    const source = fromDocument(document);
    for (const shown of plans.of(document.uri)) {
      if (shown.source.text === source.text && shown.outdated === undefined) continue;
      const { live, image } = shown;
      try {
        const answer = await live.api.plans.create.mutate({
          manifest: source.text,
          fileName: source.fileName,
          ...(image ? { image } : {}),
        });
        language.showServerDiagnostics(source.uri, answer.diagnostics);
        if (!answer.plan) {
          plans.outdate(
            shown,
            l10n.t(
              '{0} was saved with errors since this plan was made: it is planned when they are mended.',
              source.fileName,
            ),
          );
          continue;
        }
        plans.replace({ ...shown, plan: answer.plan, source });
        drift.learn({ plan: answer.plan, live, source, ...(image ? { image } : {}) });
      } catch (error) {
        const problem = describeError(error, live.server.name);
        output.warn(`${problem.what}: ${problem.why}`);
        plans.outdate(
          shown,
          l10n.t(
            '{0} was saved since this plan was made, and could not be planned again: {1}',
            source.fileName,
            problem.why,
          ),
        );
      }
    }
  });
}
