import type { Operation } from 'minicloud-shared/model/operation';
import { l10n, ProgressLocation, window } from 'vscode';
import { showError } from '../problems.ts';
import type { LiveServer } from '../servers/connections.ts';
import type { Services } from '../services.ts';
import { progressOf } from './progress.ts';
import { watchOperation } from './watch-operation.ts';

/**
 * Shows an operation of the server in a notification until it has ended, and answers it as it ended. *Cancel* asks the
 * server to stop and goes on watching: only the server knows when it has. Closing the editor changes nothing.
 */
export async function followOperation(
  services: Services,
  live: LiveServer,
  id: string,
  title: string,
  planned?: number,
): Promise<Operation | undefined> {
  const { output } = services;
  let told = '';
  try {
    return await window.withProgress(
      { location: ProgressLocation.Notification, cancellable: true, title },
      async (progress, token) => {
        let percent = 0;
        const cancelling = token.onCancellationRequested(() => {
          progress.report({ message: l10n.t('cancelling…') });
          live.api.operations.cancel
            .mutate({ id })
            .catch((error: unknown) => void showError(output, error, live.server.name));
        });
        try {
          return await watchOperation(live.connection, () => live.api.operations.get.query({ id }), id, {
            onChange(operation) {
              const next = progressOf(operation, planned);
              if (!token.isCancellationRequested)
                progress.report({ message: next.message, increment: Math.max(0, next.percent - percent) });
              percent = Math.max(percent, next.percent);
              if (next.message && next.message !== told) output.info(`${operation.app}: ${next.message}`);
              told = next.message;
            },
            onAway({ why }) {
              progress.report({
                message: l10n.t(
                  '{0} is away; it goes on there, and is watched again when it answers.',
                  live.server.name,
                ),
              });
              output.warn(`${live.server.name}: ${why}`);
            },
          });
        } finally {
          cancelling.dispose();
        }
      },
    );
  } catch (error) {
    // Not awaited: the watching is over, whether or not the person reads the message.
    void showError(output, error, live.server.name);
    return undefined;
  }
}
