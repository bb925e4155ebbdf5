import type { DeletedApp } from 'minicloud-shared/model/app';
import { l10n, window } from 'vscode';
import { offer } from '../offer.ts';
import { showError } from '../problems.ts';
import type { LiveServer } from '../servers/connections.ts';
import type { Services } from '../services.ts';
import { formatAge } from '../tree/age.ts';
import { dataWords } from './data-words.ts';
import { pickServer, requireFeature } from './pick.ts';

/** Brings a deleted app back with its volumes and databases. Nothing of it runs until it is deployed. */
export async function restoreApp(services: Services, argument: unknown): Promise<void> {
  const live = await pickServer(services, argument, l10n.t('Restore an app on which server?'));
  if (!live) return;
  await live.connection.ready();
  requireFeature(live, 'deleted-apps', l10n.t('Restoring deleted apps'));
  const apps = await live.api.apps.deleted.query();
  if (apps.length === 0) {
    void window.showInformationMessage(
      l10n.t('No data of deleted apps is kept on {0}. It is removed seven days after its app.', live.server.name),
    );
    return;
  }
  const picked = await window.showQuickPick(apps.map(itemOf), {
    title: l10n.t('Restore Deleted App on {0}', live.server.name),
    placeHolder: l10n.t('It gets its data back. Nothing of it runs until it is deployed.'),
    matchOnDetail: true,
  });
  if (picked) await restore(services, live, picked.app);
}

/** Also for the message that tells of a deletion: brings back what was just deleted, without asking which. */
export async function restore(
  services: Services,
  live: LiveServer,
  { name, id }: Pick<DeletedApp, 'name' | 'id'>,
): Promise<void> {
  const back = await live.api.apps.restore
    .mutate({ name, id })
    .catch((error: unknown) => void showError(services.output, error, live.server.name));
  if (!back) return;
  const data = dataWords(back);
  const words =
    data.length > 0
      ? l10n.t('{0} is back on {1} with its data: {2}.', name, live.server.name, data.join(', '))
      : l10n.t('{0} is back on {1}. It had no data.', name, live.server.name);
  const told = `${words} ${l10n.t('It runs once it is deployed.')}`;
  await offer(told, l10n.t('Deploy Manifest'), 'minicloud.deployManifest');
}

function itemOf(app: DeletedApp) {
  return {
    app,
    label: app.name,
    description: l10n.t(
      'deleted {0} by {1}, kept until {2}',
      formatAge(app.deletedAt, Date.now(), l10n.t),
      app.by,
      new Date(app.keptUntil).toLocaleString(),
    ),
    detail: dataWords(app).join(' · ') || l10n.t('without data'),
  };
}
