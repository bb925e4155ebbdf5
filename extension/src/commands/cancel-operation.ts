import { operationEnded } from 'minicloud-shared/model/operation';
import { l10n, window } from 'vscode';
import type { Services } from '../services.ts';
import { OperationNode, operationLabel } from '../tree/operation-node.ts';

/** Asks a server to stop what it does to an app. What served before keeps serving. */
export async function cancelOperation({ connections }: Services, argument: unknown): Promise<void> {
  if (argument instanceof OperationNode) {
    await argument.live.api.operations.cancel.mutate({ id: argument.operation.id });
    return;
  }
  const running = connections.all().flatMap((live) =>
    [...live.connection.snapshot.operations.values()]
      .filter(({ state }) => !operationEnded[state])
      .map((operation) => ({
        label: `${operation.app}: ${operationLabel(operation)}`,
        description: live.server.name,
        live,
        id: operation.id,
      })),
  );
  if (running.length === 0) {
    void window.showInformationMessage(l10n.t('Nothing is being deployed.'));
    return;
  }
  const picked = await window.showQuickPick(running, { placeHolder: l10n.t('Cancel what?') });
  if (picked) await picked.live.api.operations.cancel.mutate({ id: picked.id });
}
