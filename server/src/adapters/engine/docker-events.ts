/** Container events of Docker, for as long as somebody listens: a broken connection is made again. */
import { sleep } from '../../platform/wait.ts';
import { imageReaderLabel } from './baseline.ts';
import { type EngineEvent, installationLabel } from './contract.ts';
import { withKnownName } from './docker-adopted.ts';
import { type EventAnswer, engineEvent, eventAnswer } from './docker-answers.ts';
import { jsonLines } from './docker-streams.ts';
import type { Call, Transport } from './docker-transport.ts';

const firstPauseMs = 250;
const longestPauseMs = 10_000;

/**
 * Events from the moment of the call on, though the connection is made at the first `next()`. After a gap comes
 * `resync`: whoever listens looks at everything again, because what happened meanwhile is not told.
 */
export function containerEvents(
  transport: Transport,
  installation: string,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent | { action: 'resync' }> {
  return follow(transport, installation, signal, Date.now() / 1000);
}

async function* follow(
  transport: Transport,
  installation: string,
  signal: AbortSignal,
  from: number,
): AsyncGenerator<EngineEvent | { action: 'resync' }> {
  const call: Call = {
    method: 'GET',
    path: '/events',
    verb: 'tell what happens',
    object: 'events',
  };
  const filters = JSON.stringify({ type: ['container'], label: [`${installationLabel}=${installation}`] });
  let since: number | undefined = from;
  let pause = firstPauseMs;
  while (!signal.aborted) {
    try {
      const query = { filters, ...(since !== undefined && { since: since.toFixed(3) }) };
      const body = await transport.stream({ ...call, query }, { signal });
      if (since === undefined) yield { action: 'resync' };
      since = undefined;
      pause = firstPauseMs;
      try {
        for await (const value of jsonLines(body)) {
          const answer = eventAnswer.safeParse(value);
          const event = answer.success ? engineEvent(known(transport, answer.data)) : undefined;
          if (event?.labels[installationLabel] === installation && !(imageReaderLabel in event.labels)) yield event;
        }
      } finally {
        body.destroy();
      }
    } catch {
      // Whatever broke it, the answer is the same: once more, later. `resync` tells that something was missed.
      since = undefined;
    }
    if (signal.aborted) return;
    await sleep(pause, signal).catch(() => {});
    pause = Math.min(pause * 2, longestPauseMs);
  }
}

function known(transport: Transport, answer: EventAnswer): EventAnswer {
  const { ID: id, Attributes: labels } = answer.Actor;
  return { ...answer, Actor: { ID: id, Attributes: withKnownName(transport, id, labels) } };
}
