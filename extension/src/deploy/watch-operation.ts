import type { Operation } from 'minicloud-shared/model/operation';
import { operationEnded } from 'minicloud-shared/model/operation';
import type { Connection } from '../servers/connection.ts';

/**
 * Follows an operation to its end over the event stream, and answers it as it ended. Asks the server itself at the
 * start and after each reconnect, when events may have been missed; never polls. The work goes on without a watcher.
 */
export async function watchOperation(
  connection: Pick<Connection, 'hold' | 'onEvent' | 'onOnline'>,
  load: () => Promise<Operation>,
  id: string,
  onChange: (operation: Operation) => void,
): Promise<Operation> {
  const release = connection.hold();
  const ends: (() => void)[] = [];
  try {
    return await new Promise<Operation>((resolve, reject) => {
      const look = (operation: Operation): void => {
        onChange(operation);
        if (operationEnded[operation.state]) resolve(operation);
      };
      ends.push(
        connection.onEvent(({ body }) => {
          if (body.kind === 'operation.changed' && body.operation.id === id) look(body.operation);
        }),
        // Offline again already: the next time it is online asks again.
        connection.onOnline(() => void load().then(look, () => {})),
      );
      load().then(look, reject);
    });
  } finally {
    for (const end of ends) end();
    release();
  }
}
