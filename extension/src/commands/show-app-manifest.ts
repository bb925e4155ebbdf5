import { l10n, window } from 'vscode';
import type { Services } from '../services.ts';
import { pickApp } from './pick.ts';

/** The manifest that the serving release was made from, read-only. */
export async function showAppManifest(services: Services, argument: unknown): Promise<void> {
  const picked = await pickApp(services, argument, l10n.t('Show the manifest of which app?'));
  if (!picked) return;
  const { live, app } = picked;
  const { manifest } = await live.api.apps.get.query({ name: app.name });
  if (manifest === undefined) {
    void window.showInformationMessage(
      l10n.t('{0} has no release that serves yet, so there is no manifest to show.', app.name),
    );
    return;
  }
  await services.documents.show('manifest', live.server.id, l10n.t('{0} as deployed.yml', app.name), manifest, 'yaml');
}
