import { l10n, window } from 'vscode';
import { followOperation } from '../deploy/follow-operation.ts';
import { tellUnsuccessful } from '../deploy/tell-result.ts';
import type { Services } from '../services.ts';
import { pickApp } from './pick.ts';

/** Deletes an app after its name was typed: the modal names everything that goes. */
export async function deleteApp(services: Services, argument: unknown): Promise<void> {
  const picked = await pickApp(services, argument, l10n.t('Delete which app?'));
  if (!picked) return;
  const { live, app } = picked;
  const detail = await live.api.apps.get.query({ name: app.name });
  const goes = [
    ...detail.urls.map(({ url }) => l10n.t('address {0}', url)),
    ...detail.bindings.map(({ service, database }) => [service, database].filter(Boolean).join(' ')),
    ...detail.volumes.map(({ path }) => l10n.t('volume {0}', path)),
  ];
  const next = l10n.t('Delete {0}…', app.name);
  const question = l10n.t('Delete {0} from {1}?', app.name, live.server.name);
  const text = [
    ...goes.map((each) => `•  ${each}`),
    '',
    l10n.t('It stops serving at once. Volumes and databases stay in the trash for 7 days.'),
  ].join('\n');
  if ((await window.showWarningMessage(question, { modal: true, detail: text }, next)) !== next) return;
  const typed = await window.showInputBox({
    title: question,
    prompt: l10n.t('Type {0} to delete it', app.name),
    ignoreFocusOut: true,
    validateInput: (value) => (value === app.name ? undefined : l10n.t('The name of the app is {0}', app.name)),
  });
  if (typed !== app.name) return;
  const { operationId } = await live.api.apps.delete.mutate({ name: app.name, confirm: typed });
  const operation = await followOperation(services, live, operationId, l10n.t('Deleting {0}', app.name));
  if (operation?.state === 'succeeded')
    void window.showInformationMessage(l10n.t('{0} was deleted from {1}.', app.name, live.server.name));
  else if (operation) void tellUnsuccessful(services, live, operation);
}
