import type { Operation } from 'minicloud-shared/model/operation';
import { l10n, window } from 'vscode';
import type { Services } from '../services.ts';
import { OperationNode, operationLabel, operationStateLabel } from '../tree/operation-node.ts';
import { operationText } from '../tree/operation-text.ts';
import { type PickedApp, pickApp } from './pick.ts';

/** What was done to an app, step by step, and how it ended. */
export async function showOperation(services: Services, argument: unknown): Promise<void> {
  const picked = await pickApp(services, argument, l10n.t('Show what was done to which app?'));
  if (!picked) return;
  const operation = argument instanceof OperationNode ? argument.operation : await pickOperation(picked);
  if (!operation) return;
  const newest = await picked.live.api.operations.get.query({ id: operation.id });
  const title = l10n.t('{0} {1}', newest.app, newest.id);
  const text = operationText(newest, l10n.t);
  await services.documents.show('operation', picked.live.server.id, title, text, 'cloud-plan');
}

async function pickOperation({ live, app }: PickedApp): Promise<Operation | undefined> {
  const all = await live.api.operations.list.query({ app: app.name });
  const items = all.map((operation) => ({
    label: operationLabel(operation),
    description: `${operationStateLabel(operation.state)} · ${new Date(operation.createdAt).toLocaleString()}`,
    operation,
  }));
  return (await window.showQuickPick(items, { placeHolder: l10n.t('Which of {0}?', app.name) }))?.operation;
}
