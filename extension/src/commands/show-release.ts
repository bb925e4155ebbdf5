import { l10n, window } from 'vscode';
import { releaseText } from '../plan/release-text.ts';
import type { Services } from '../services.ts';
import { ReleaseNode } from '../tree/release-node.ts';
import { pickApp } from './pick.ts';

/** What a release was, how its deploy went and what was measured, in a read-only editor. */
export async function showRelease(services: Services, argument: unknown): Promise<void> {
  const picked = await pickApp(services, argument, l10n.t('Which app?'));
  if (!picked) return;
  const { live, app } = picked;
  const version =
    argument instanceof ReleaseNode
      ? argument.release.version
      : await pickVersion(services, picked.app.name, live.server.id);
  if (version === undefined) return;
  const release = await live.api.releases.get.query({ app: app.name, version });
  await services.documents.show(
    'release',
    live.server.id,
    l10n.t('{0} release {1}', app.name, version),
    releaseText(release, l10n.t),
    'cloud-plan',
  );
}

async function pickVersion({ connections }: Services, app: string, serverId: string): Promise<number | undefined> {
  const releases = await connections.get(serverId)?.api.releases.list.query({ app });
  const items = (releases ?? []).map(({ version, state, image }) => ({
    label: l10n.t('Release {0}', version),
    description: `${state} · ${image}`,
    version,
  }));
  return (await window.showQuickPick(items, { placeHolder: l10n.t('Which release of {0}?', app) }))?.version;
}
