import { randomUUID } from 'node:crypto';
import type { ConfigEntry } from 'minicloud-shared/model/config';
import { l10n, Range, WorkspaceEdit, window, workspace } from 'vscode';
import type { SecretToSet } from '../../language-server/server/protocol.ts';
import type { ConfigTools } from './load-config.ts';
import type { Target } from './target.ts';

/**
 * Gives the server the value that a manifest holds, and only then takes it out of the file. What runs is not touched: it
 * has the value from the manifest that it was deployed with.
 */
export async function moveValue(
  tools: ConfigTools,
  { live, app, summary, manifest }: Target,
  entries: readonly Pick<ConfigEntry, 'name'>[],
  name: string,
  { version, edits }: NonNullable<SecretToSet['moved']>,
): Promise<void> {
  if (!manifest) return;
  const document = await workspace.openTextDocument(manifest);
  const value = await tools.services.language.envValue(manifest, name);
  if (value === null || document.version !== version) {
    void window.showWarningMessage(
      l10n.t('{0} has changed meanwhile. Nothing was moved; choose the fix again.', workspace.asRelativePath(manifest)),
    );
    return;
  }
  const replace = l10n.t('Replace');
  const there = entries.some((entry) => entry.name === name);
  if (there) {
    const question = l10n.t('Replace the value of {0} of {1} on {2}?', name, app, live.server.name);
    const detail = l10n.t('It gets the one that stands in the file.');
    if ((await window.showWarningMessage(question, { modal: true, detail }, replace)) !== replace) return;
  }
  await live.api.config.set.mutate({
    ...{
      app,
      set: [{ name, value, kind: 'secret' as const }],
      unset: [],
      deploy: false,
      create: summary === undefined,
    },
    idempotencyKey: randomUUID(),
  });
  const edit = new WorkspaceEdit();
  for (const { range, newText } of edits) {
    const { start, end } = range;
    edit.replace(manifest, new Range(start.line, start.character, end.line, end.character), newText);
  }
  if (document.version !== version || !(await workspace.applyEdit(edit))) {
    void window.showWarningMessage(
      l10n.t(
        '{0} has its value on {1}, and the file has changed meanwhile: move its name by hand.',
        name,
        live.server.name,
      ),
    );
    return;
  }
  void window.showInformationMessage(
    l10n.t(
      '{0} has its value on {1}, and the file only its name. Earlier versions of the file, as in Git, hold the value still.',
      name,
      live.server.name,
    ),
  );
}
