import { commands, l10n, ProgressLocation, window } from 'vscode';
import { followOperation } from '../deploy/follow-operation.ts';
import { tellUnsuccessful } from '../deploy/tell-result.ts';
import { showError } from '../problems.ts';
import type { Services } from '../services.ts';
import { offers } from '../tree/node.ts';
import { dataWords } from './data-words.ts';
import { appsOf, type PickedApp, pickApps } from './pick.ts';
import { restore } from './restore-app.ts';

/**
 * Deletes apps after it was typed which: the modal names everything that goes. Asks once, however many they are. The key
 * says `selected`, as the editor hands over no rows to keys.
 */
export async function deleteApp(services: Services, argument: unknown, selected?: readonly unknown[]): Promise<void> {
  const picked =
    argument === 'selected'
      ? appsOf(undefined, services.selection.apps())
      : await pickApps(services, argument, selected, l10n.t('Delete which app?'));
  if (picked.length === 0 || !(await confirm(picked))) return;
  const deleted = (await Promise.all(picked.map((each) => deleteOne(services, each)))).filter(
    (each) => each !== undefined,
  );
  const [only, ...others] = deleted;
  if (!only) return;
  // One message, however many they were. Not awaited: the command is over, whether or not the person reads it.
  void tellDeleted(services, only, others);
}

async function tellDeleted(services: Services, only: PickedApp, others: readonly PickedApp[]): Promise<void> {
  const names = [only, ...others].map(({ app }) => app.name);
  const words =
    others.length === 0
      ? l10n.t('{0} was deleted from {1}.', only.app.name, only.live.server.name)
      : l10n.t('{0} apps were deleted: {1}.', names.length, names.join(', '));
  const undo = others.length === 0 ? l10n.t('Restore') : l10n.t('Restore…');
  const oneServer = others.every(({ live }) => live === only.live);
  const buttons = oneServer && offers(only.live, 'deleted-apps') ? [undo] : [];
  if ((await window.showInformationMessage(words, ...buttons)) !== undo) return;
  if (others.length === 0) await restore(services, only.live, only.app);
  else await commands.executeCommand('minicloud.restoreApp', { serverId: only.live.server.id });
}

/** Undefined, and told, when it was not done. */
async function deleteOne(services: Services, picked: PickedApp): Promise<PickedApp | undefined> {
  const { live, app } = picked;
  const started = await live.api.apps.delete
    .mutate({ name: app.name, confirm: app.name })
    .catch((error: unknown) => void showError(services.output, error, live.server.name));
  if (!started) return undefined;
  const { operationId } = started;
  const operation = await followOperation(services, live, operationId, l10n.t('Deleting {0}', app.name));
  if (operation?.state === 'succeeded') return picked;
  if (operation) void tellUnsuccessful(services, live, operation);
  return undefined;
}

async function confirm(picked: readonly PickedApp[]): Promise<boolean> {
  const [first] = picked;
  if (!first) return false;
  const many = picked.length > 1;
  const servers = [...new Set(picked.map(({ live }) => live.server.name))].join(', ');
  const [what, word] = many
    ? [l10n.t('{0} apps', picked.length), l10n.t('delete {0} apps', picked.length)]
    : [first.app.name, first.app.name];
  const question = l10n.t('Delete {0} from {1}?', what, servers);
  const next = l10n.t('Delete {0}…', what);
  const goes = await window.withProgress(
    { location: ProgressLocation.Window, title: l10n.t('Asking what would go') },
    () => Promise.all(picked.map((each) => whatGoes(each, many))),
  );
  const detail = [
    ...goes.flat(),
    '',
    many
      ? l10n.t('They stop serving at once. Volumes, databases and config stay in the trash for 7 days.')
      : l10n.t('It stops serving at once. Volumes, databases and config stay in the trash for 7 days.'),
  ].join('\n');
  if ((await window.showWarningMessage(question, { modal: true, detail }, next)) !== next) return false;
  const typed = await window.showInputBox({
    title: question,
    prompt: many ? l10n.t('Type “{0}” to delete them', word) : l10n.t('Type {0} to delete it', word),
    ignoreFocusOut: true,
    validateInput: (value) =>
      value === word
        ? undefined
        : many
          ? l10n.t('Write: {0}', word)
          : l10n.t('The name of the app is {0}', first.app.name),
  });
  return typed === word;
}

async function whatGoes({ live, app }: PickedApp, named: boolean): Promise<string[]> {
  const { urls, bindings, volumes, config } = await live.api.apps.get.query({ name: app.name });
  const parts = [
    ...urls.map(({ url }) => l10n.t('address {0}', url)),
    ...dataWords({ volumes, databases: bindings, config }),
    l10n.t('its releases and their manifests, which do not come back'),
  ].map((each) => `•  ${each}`);
  return named ? [l10n.t('{0} on {1}', app.name, live.server.name), ...parts] : parts;
}
