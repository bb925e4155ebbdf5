import type { DeletedApp } from 'minicloud-shared/model/app';
import { l10n } from 'vscode';

/** The data of an app, a part each: `volume /data`, `mariadb app_shop`, `config LOG_LEVEL`. */
export function dataWords({
  volumes,
  databases,
  config = [],
}: Pick<DeletedApp, 'volumes' | 'databases' | 'config'>): string[] {
  return [
    ...databases.map(({ service, database }) => [service, database].filter(Boolean).join(' ')),
    ...volumes.map(({ path, support }) =>
      support === undefined ? l10n.t('volume {0}', path) : l10n.t('volume {0} of {1}', path, support),
    ),
    ...(config.length > 0 ? [l10n.t('config {0}', config.map(({ name }) => name).join(', '))] : []),
  ];
}
