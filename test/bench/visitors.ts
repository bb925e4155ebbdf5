/**
 * Visitors at a fixed rate, whatever the answers take (an open loop): what a closed loop would not send while it waits
 * is sent here, so that a pause of the proxy is seen by as many as it would meet.
 */
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

export interface VisitorsOptions {
  host: string;
  port: number;
  /** Authority that the proxy's certificate must be signed by. */
  ca: string;
  /** Path of the n-th request. */
  path(index: number): string;
  perSecond: number;
  /** False: a new connection, with its TLS handshake, for every request. */
  keepAlive: boolean;
}

export interface Visits {
  /** Requests sent, and of them those that were not answered 200 in time. */
  sent: number;
  failed: number;
  /** What failed, by its words. */
  failures: Map<string, number>;
  /** Milliseconds of each answered request. */
  took: number[];
}

export interface Visitors {
  /** Sends no more, waits for what is under way, tells. */
  stop(): Promise<Visits>;
}

const tickMs = 5;
const answerMs = 15_000;

export function startVisitors(options: VisitorsOptions): Visitors {
  const { perSecond, keepAlive } = options;
  const agent = keepAlive ? new Agent({ keepAlive: true, maxSockets: 512, ca: options.ca }) : undefined;
  const visits: Visits = { sent: 0, failed: 0, failures: new Map(), took: [] };
  const underWay = new Set<Promise<void>>();
  let going = true;

  const visit = async (index: number) => {
    const begin = performance.now();
    const failure = await ask(options, agent, options.path(index));
    if (failure === undefined) visits.took.push(performance.now() - begin);
    else {
      visits.failed += 1;
      visits.failures.set(failure, (visits.failures.get(failure) ?? 0) + 1);
    }
  };
  const loop = async () => {
    const begin = performance.now();
    while (going) {
      const due = Math.floor(((performance.now() - begin) / 1000) * perSecond);
      while (visits.sent < due) {
        const one = visit(visits.sent).finally(() => underWay.delete(one));
        underWay.add(one);
        visits.sent += 1;
      }
      await sleep(tickMs);
    }
  };
  const sending = loop();
  return {
    async stop() {
      going = false;
      await sending;
      await Promise.all(underWay);
      agent?.destroy();
      return visits;
    },
  };
}

/** What went wrong, or undefined. Nothing is tried again: a browser's silent retry would hide a failure. */
function ask(options: VisitorsOptions, agent: Agent | undefined, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: options.port,
        path,
        servername: options.host,
        headers: { host: `${options.host}:${options.port}` },
        signal: AbortSignal.timeout(answerMs),
        ca: options.ca,
        agent: agent ?? false,
      },
      (answer) => {
        answer.on('error', (error) => resolve(error.message));
        answer.on('end', () => resolve(answer.statusCode === 200 ? undefined : `status ${answer.statusCode}`));
        answer.resume();
      },
    );
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end();
  });
}
