/** Config vars and secrets of an app: names, never values. */
import type { ConfigEntry } from 'minicloud-shared/model/config';
import { l10n } from 'vscode';
import { formatAge } from './age.ts';
import type { AppContent } from './app-groups.ts';
import type { Group } from './group-node.ts';
import { kindIcons } from './kind-icons.ts';
import { type Row, RowNode } from './row-node.ts';

/** A row of a config var or a secret. */
export type VariableRow = RowNode & { readonly row: Row & Required<Pick<Row, 'variable'>> };

export function isVariableRow(value: unknown): value is VariableRow {
  return value instanceof RowNode && value.row.variable !== undefined;
}

/** There from the start where the server offers it, with the way to the first one; absent where it does not. */
export function configGroup(content: AppContent): Group {
  const { live, app, detail } = content;
  const entries = detail?.entries;
  const online = live.connection.link.state === 'online' && 'online';
  const id = (name: string): string => `config:${live.server.id}/${app.name}/${name}`;
  const none = {
    icon: 'info',
    label: l10n.t('Nothing is set yet'),
    description: l10n.t('set a secret'),
    facets: ['none'],
    command: { command: 'minicloud.setSecret', title: l10n.t('Set Secret…') },
  };
  const rows = entries?.map((entry) => new RowNode(id(entry.name), live, app, rowOf(entry, content)));
  const counted = countOf(entries ?? []);
  return {
    kind: 'config',
    icon: 'settings',
    label: l10n.t('Config Vars and Secrets'),
    description: counted,
    facets: [online, counted !== '' && 'filled'],
    // What is forwarded has no environment.
    nodes: rows?.length === 0 && app.kind === 'container' ? [new RowNode(id(''), live, app, none)] : (rows ?? []),
  };
}

function rowOf({ name, kind, updatedAt, by, used }: ConfigEntry, { live, app }: AppContent): Row {
  const set = l10n.t('set {0} by {1}', formatAge(updatedAt, live.connection.now(), l10n.t), by);
  const idle = !used && app.release !== undefined;
  const word = kind === 'secret' ? l10n.t('secret') : l10n.t('config var');
  const description = [word, idle ? l10n.t('not used by the release that serves') : set].join(' · ');
  return {
    icon: kindIcons[kind] ?? 'question',
    label: name,
    description,
    tooltip: [
      `${name}: ${word}`,
      l10n.t('Set {0} by {1}', new Date(updatedAt).toLocaleString(), by),
      idle &&
        (kind === 'secret'
          ? l10n.t(
              'Release {0} has not got this value: it was only stored, or secrets of the manifest do not list it.',
              app.release ?? 0,
            )
          : l10n.t(
              'Release {0} has not got this value: it was only stored. The next deploy takes it.',
              app.release ?? 0,
            )),
      l10n.t('Its value is not shown; it can be replaced.'),
    ]
      .filter(Boolean)
      .join('\n'),
    spoken: l10n.t('{0} of {1}, {2}', name, app.name, description),
    facets: ['variable', kind, 'set', ...(live.connection.link.state === 'online' ? ['online'] : [])],
    variable: { name, kind },
  };
}

function countOf(entries: readonly ConfigEntry[]): string {
  const secrets = entries.filter(({ kind }) => kind === 'secret').length;
  const vars = entries.length - secrets;
  return [
    vars === 1 ? l10n.t('1 config var') : vars > 1 && l10n.t('{0} config vars', vars),
    secrets === 1 ? l10n.t('1 secret') : secrets > 1 && l10n.t('{0} secrets', secrets),
  ]
    .filter(Boolean)
    .join(' · ');
}
