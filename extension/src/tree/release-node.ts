import type { AppSummary } from 'minicloud-shared/model/app';
import { type Release, releaseCan } from 'minicloud-shared/model/release';
import { l10n, TreeItem } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { formatAge } from './age.ts';
import { releaseIcon, releaseStateLabel, shortImage } from './app-look.ts';
import { type AppRow, facets, type TreeNode } from './node.ts';

/** A release of an app; a click shows what it was and how its deploy went. */
export class ReleaseNode implements AppRow {
  readonly id: string;
  readonly live: LiveServer;
  readonly app: AppSummary;
  readonly release: Release;

  constructor(live: LiveServer, app: AppSummary, release: Release) {
    this.id = `release:${live.server.id}/${release.app}/${release.version}`;
    this.live = live;
    this.app = app;
    this.release = release;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  item(): TreeItem {
    const { release } = this;
    const online = this.live.connection.link.state === 'online';
    const features = this.live.connection.snapshot.info?.features ?? [];
    const item = new TreeItem(l10n.t('Release {0}', release.version));
    item.id = this.id;
    item.iconPath = releaseIcon(release.state, online);
    item.description = [
      releaseStateLabel(release.state),
      formatAge(release.createdAt, this.live.connection.now(), l10n.t),
      shortImage(release.image),
    ].join(' · ');
    item.tooltip = release.problem
      ? `${release.problem.what}: ${release.problem.why}`
      : `${release.image}\n${release.digest}\n${release.reason}, ${release.by}`;
    item.contextValue = facets(
      'release',
      online && 'online',
      online && releaseCan[release.state]?.rollbackTo && features.includes('rollback-plans') && 'rollbacks',
    );
    item.command = { command: 'minicloud.showRelease', title: l10n.t('Show Release'), arguments: [this] };
    item.accessibilityInformation = {
      label: l10n.t('Release {0} of {1}, {2}', release.version, release.app, item.description),
    };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    return [];
  }
}
