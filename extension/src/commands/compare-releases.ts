import type { Release } from 'minicloud-shared/model/release';
import { commands, l10n, window } from 'vscode';
import { releaseManifestText } from '../plan/release-text.ts';
import type { LiveServer } from '../servers/connections.ts';
import type { Services } from '../services.ts';
import { releaseStateLabel, shortImage } from '../tree/app-look.ts';
import { ReleaseNode } from '../tree/release-node.ts';
import { type PickedApp, pickApp } from './pick.ts';

/** Two releases of an app beside each other: what they were made from. On two selected rows, or with one to pick. */
export async function compareReleases(
  services: Services,
  argument: unknown,
  selected: readonly unknown[] = [],
): Promise<void> {
  const pair = selected.filter((node) => node instanceof ReleaseNode);
  const [first, second] = pair;
  if (pair.length === 2 && first && second && first.app.name === second.app.name && first.live === second.live) {
    await compare(services, first.live, first.release, second.release);
    return;
  }
  if (pair.length > 1) {
    void window.showInformationMessage(l10n.t('Select two releases of one app to compare them.'));
    return;
  }
  const picked = await pickApp(services, argument, l10n.t('Compare releases of which app?'));
  if (!picked) return;
  const { live, app } = picked;
  const releases = await live.api.releases.list.query({ app: app.name });
  if (releases.length < 2) {
    void window.showInformationMessage(l10n.t('{0} has no two releases to compare yet.', app.name));
    return;
  }
  const one =
    argument instanceof ReleaseNode
      ? argument.release
      : await pickRelease(releases, l10n.t('Which release of {0}?', app.name));
  const other = one && (await pickOther(releases, one, picked));
  if (one && other) await compare(services, live, one, other);
}

function pickOther(
  releases: readonly Release[],
  { version }: Release,
  { app }: PickedApp,
): Promise<Release | undefined> {
  const others = releases.filter((release) => release.version !== version);
  return pickRelease(others, l10n.t('Compare release {0} of {1} with which one?', version, app.name));
}

async function pickRelease(releases: readonly Release[], placeHolder: string): Promise<Release | undefined> {
  const items = releases.map((release) => ({
    label: l10n.t('Release {0}', release.version),
    description: `${releaseStateLabel(release.state)} · ${shortImage(release.image)}`,
    detail: new Date(release.createdAt).toLocaleString(),
    release,
  }));
  return (await window.showQuickPick(items, { placeHolder, matchOnDescription: true }))?.release;
}

/** The older one is on the left, whichever was chosen first. */
async function compare({ documents }: Services, live: LiveServer, one: Release, other: Release): Promise<void> {
  const { app } = one;
  const versions = [one.version, other.version].sort((a, b) => a - b);
  const [left, right] = await Promise.all(
    versions.map(async (version) => {
      const release = await live.api.releases.get.query({ app, version });
      const text = releaseManifestText(release, l10n.t);
      return documents.put('release', live.server.id, l10n.t('{0} release {1}.yml', app, version), text);
    }),
  );
  const title = l10n.t('{0}: release {1} ↔ release {2}', app, ...versions);
  await commands.executeCommand('vscode.diff', left, right, title, { preview: true });
}
