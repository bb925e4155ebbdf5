import { l10n, window } from 'vscode';
import type { Forward } from '../forwards/forwards.ts';
import type { Services } from '../services.ts';
import { ForwardNode } from '../tree/forward-node.ts';

/** Closes a port of this machine and every connection through it. */
export async function stopForward(
  { forwards }: Services,
  argument: unknown,
  selected: readonly unknown[] = [],
): Promise<void> {
  const nodes = [...selected, argument].filter((node) => node instanceof ForwardNode);
  if (nodes.length > 0) {
    for (const { forward } of nodes) forwards.stop(forward.id);
    return;
  }
  const all = forwards.all();
  if (all.length === 0) {
    void window.showInformationMessage(l10n.t('No port is forwarded.'));
    return;
  }
  const items = all.map(itemOf);
  const chosen = await window.showQuickPick(items, { placeHolder: l10n.t('Stop which?'), canPickMany: true });
  for (const { id } of chosen ?? []) forwards.stop(id);
}

function itemOf({ id, address, app, target, targetPort }: Forward) {
  return { label: address, description: `${app} ${target}:${targetPort}`, id };
}
