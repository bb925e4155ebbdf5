import type { ConfigKind } from 'minicloud-shared/model/config';
import { l10n, type QuickPickItem, ThemeIcon, window } from 'vscode';
import { kindIcons } from '../tree/kind-icons.ts';
import type { EnvRow } from './env-rows.ts';

interface Item extends QuickPickItem {
  row?: EnvRow;
}

/**
 * The rows that the person checks, each as the kind that it has then; no value is shown. What the server has already is
 * unchecked at first; `checked` is what was checked when it was asked before. Undefined when the person stopped.
 */
export function pickRows(
  title: string,
  rows: readonly EnvRow[],
  checked?: ReadonlyMap<string, ConfigKind>,
): Promise<EnvRow[] | undefined> {
  const list = window.createQuickPick<Item>();
  Object.assign(list, {
    ...{ title, canSelectMany: true, ignoreFocusOut: true, matchOnDescription: true },
    placeholder: l10n.t('What is checked is set'),
  });
  let now: EnvRow[] = rows.map((row) => ({ ...row, kind: (!row.fixed && checked?.get(row.name)) || row.kind }));
  const draw = (selected: (row: EnvRow) => boolean): void => {
    const items = now.map((row): Item => ({ ...itemOf(row), row }));
    list.items = items;
    list.selectedItems = items.filter(({ row }) => row && selected(row));
  };
  draw(({ name, change }) => (checked ? checked.has(name) : change !== 'same'));
  return new Promise((resolve) => {
    list.onDidTriggerItemButton(({ item }) => {
      const names = new Set(list.selectedItems.map(({ row }) => row?.name));
      now = now.map((row) =>
        row.name === item.row?.name ? { ...row, kind: row.kind === 'secret' ? 'config' : 'secret' } : row,
      );
      draw(({ name }) => names.has(name));
    });
    list.onDidAccept(() => {
      resolve(list.selectedItems.flatMap(({ row }) => (row ? [row] : [])));
      list.dispose();
    });
    list.onDidHide(() => {
      resolve(undefined);
      list.dispose();
    });
    list.show();
  });
}

function itemOf({ name, kind, change, fixed }: EnvRow): Item {
  const secret = kind === 'secret';
  const words = {
    new: l10n.t('new'),
    changed: l10n.t('changed'),
    same: l10n.t('same as on the server'),
  };
  const other = {
    iconPath: new ThemeIcon(kindIcons[secret ? 'config' : 'secret']),
    tooltip: secret ? l10n.t('Make It a Config Var') : l10n.t('Make It a Secret'),
  };
  return {
    label: `$(${kindIcons[kind]}) ${name}`,
    description: `${secret ? l10n.t('secret') : l10n.t('config var')} · ${words[change]}`,
    // What the server has keeps its kind.
    buttons: fixed ? [] : [other],
  };
}
