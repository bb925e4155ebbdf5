import { retryDelay } from 'minicloud-shared/client/client';
import { describeError } from 'minicloud-shared/client/describe-error';
import type { Operation } from 'minicloud-shared/model/operation';
import { operationEnded } from 'minicloud-shared/model/operation';
import { type Problem, type ProblemCode, ProblemError } from 'minicloud-shared/model/problem';
import type { Connection } from '../servers/connection.ts';

export interface Watching {
  onChange(operation: Operation): void;
  /** The server can't be reached now; it goes on with the work, and is asked again until it answers. */
  onAway(problem: Problem): void;
}

/** What passes by itself: a server that restarts, a network that is gone for a while. */
const passing: ReadonlySet<ProblemCode> = new Set(['not_available', 'timeout', 'rate_limited']);

/**
 * Follows an operation to its end over the event stream, and answers it as it ended. Asks the server itself at the
 * start and after each reconnect, when events may have been missed; polls only while it gets no answer. The work goes
 * on without a watcher. Throws the problem when the token is refused or the server doesn't know the operation.
 */
export async function watchOperation(
  connection: Pick<Connection, 'hold' | 'onEvent' | 'onOnline' | 'onDidChange' | 'link'>,
  load: () => Promise<Operation>,
  id: string,
  { onChange, onAway }: Watching,
): Promise<Operation> {
  const release = connection.hold();
  const ends: (() => void)[] = [];
  try {
    return await new Promise<Operation>((resolve, reject) => {
      let attempts = 0;
      let again: NodeJS.Timeout | undefined;
      let away = false;
      const look = (operation: Operation): void => {
        away = false;
        onChange(operation);
        if (operationEnded[operation.state]) resolve(operation);
      };
      const goneFor = (problem: Problem): void => {
        if (!away) onAway(problem);
        away = true;
      };
      const ask = (): void => {
        clearTimeout(again);
        load().then(look, (error: unknown) => {
          const problem = describeError(error);
          if (!passing.has(problem.code)) {
            reject(error);
            return;
          }
          goneFor(problem);
          attempts += 1;
          again = setTimeout(ask, retryDelay(attempts));
        });
      };
      ends.push(
        () => clearTimeout(again),
        connection.onEvent(({ body }) => {
          if (body.kind === 'operation.changed' && body.operation.id === id) look(body.operation);
        }),
        connection.onOnline(ask),
        connection.onDidChange(() => {
          const { link } = connection;
          if (link.state === 'rejected') reject(new ProblemError(link.problem));
          else if (link.state === 'unreachable') goneFor(link.problem);
        }),
      );
      ask();
    });
  } finally {
    for (const end of ends) end();
    release();
  }
}
