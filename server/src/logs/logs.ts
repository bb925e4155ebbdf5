/**
 * What apps write, as it is kept by the engine: the last lines, and lines as they come. Neither holds more than it is
 * told to, however much an app writes and however slowly somebody reads.
 */
import { ProblemError } from 'minicloud-shared/model/problem';
import type { LogLine } from 'minicloud-shared/model/system';
import type { ContainerSummary, EngineLogLine, Labels } from '../adapters/engine/contract.ts';
import type { AppRow } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { type Bounded, createBounded } from '../platform/bounded.ts';
import { createPace, type Pace } from '../platform/pace.ts';
import { appLabel, processLabel, releaseLabel, replicaLabel } from '../processes/processes.ts';
import { createLag } from './lag.ts';

export interface LogRange {
  lines: number;
  process?: string | undefined;
}

/** Characters of text that one answer holds at most, over all replicas. */
const mostTailChars = 4 * 1024 * 1024;
/** Lines and characters that wait for one reader. What does not fit stays with the engine until there is room. */
const mostWaiting = { items: 1_000, weight: 256 * 1024 };
/** What a line takes besides its text, characters. */
const lineOverhead = 100;
/** Lines asked for of a replica that started after the following did. */
const linesOfNew = 10_000;
/** Lines that somebody gets who was too far behind: the newest. */
const linesAgain = 1_000;
/**
 * Lines that all readers together get in a second, and at once after a pause. Telling a line takes a quarter of a
 * millisecond on a small machine: at 4,000 a second other questions waited for two seconds.
 */
const perSecond = 1_000;
const burst = 5_000;
/** Readers at a time: each holds a connection to the engine for every replica. */
const mostReaders = 64;

/** The last lines of all replicas together, in the order in which they were written. */
export async function tailLogs(cloud: Cloud, app: AppRow, range: LogRange): Promise<LogLine[]> {
  if (range.lines === 0) return [];
  const containers = await logContainers(cloud, app, range.process);
  const share = Math.floor(mostTailChars / Math.max(1, containers.length));
  const all: LogLine[] = [];
  let left = 0;
  // One after the other: what is read and left out again is held once, not once for each replica.
  for (const container of containers) {
    const kept = await lastLines(cloud, container, range.lines, share);
    left += kept.left;
    all.push(...kept.lines);
  }
  const lines = all.sort((a, b) => a.at - b.at).slice(-range.lines);
  const [first] = lines;
  if (left === 0 || !first) return lines;
  const text = `[minicloud] ${left} older lines are left out: an answer holds at most ${mostTailChars / 1024 / 1024} MB.`;
  return [{ ...first, stream: 'stderr', text, leftOut: { lines: left, to: first.at } }, ...lines];
}

async function lastLines(
  cloud: Cloud,
  container: ContainerSummary,
  count: number,
  mostChars: number,
): Promise<{ lines: LogLine[]; left: number }> {
  const lines: LogLine[] = [];
  let first = 0;
  let chars = 0;
  for await (const line of cloud.engine.logs(container.id, { tail: count })) {
    const found = toLogLine(cloud, container, line);
    lines.push(found);
    chars += found.text.length;
    for (let oldest = lines[first]; oldest && chars > mostChars; oldest = lines[first]) {
      chars -= oldest.text.length;
      // Let go at once, and not when the list is cut.
      lines[first] = found;
      first += 1;
    }
  }
  return { lines: lines.slice(first), left: first };
}

/** By companion: how many follow now, and the pace that they share. */
const following = new WeakMap<Cloud, { readers: number; pace: Pace }>();

function followingOf(cloud: Cloud) {
  const known = following.get(cloud) ?? { readers: 0, pace: createPace(perSecond, burst) };
  following.set(cloud, known);
  return known;
}

/**
 * Lines as they are written, from the `lines` last ones on; replicas that start later are followed too. A reader that
 * is slow holds the engine's streams back; one that falls far behind goes on with the newest lines and is told from
 * when to when some are missing. Throws `rate_limited` when too many follow already.
 */
export async function* followLogs(
  cloud: Cloud,
  app: AppRow,
  options: LogRange & { signal: AbortSignal },
): AsyncGenerator<LogLine> {
  const all = followingOf(cloud);
  if (all.readers >= mostReaders) throw tooManyReaders(app);
  all.readers += 1;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const waiting = logQueue();
  signal.addEventListener('abort', () => waiting.close());
  const follow = createFollower(cloud, app, waiting, signal);
  const watch = async () => {
    for await (const event of cloud.events.follow({ signal })) {
      const { app: of, body } = event;
      if (of !== app.name) continue;
      const starts = body.kind === 'replica.changed' && body.state === 'running';
      if (!starts && body.kind !== 'app.changed' && body.kind !== 'release.changed') continue;
      for (const container of await logContainers(cloud, app, options.process)) void follow(container, linesOfNew);
    }
  };
  try {
    for (const container of await logContainers(cloud, app, options.process)) void follow(container, options.lines);
    void watch().catch((error) => {
      if (!signal.aborted) cloud.log.warn('new replicas are no longer followed', { app: app.name, why: String(error) });
    });
    for (let line = await waiting.take(); line; line = await waiting.take()) {
      await all.pace.next(signal);
      yield line;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stop.abort();
    all.readers -= 1;
  }
}

/** What is between the engine and one reader. */
export function logQueue(): Bounded<LogLine> {
  return createBounded({ ...mostWaiting, weigh: ({ text }) => text.length + lineOverhead });
}

/** Reads containers into the queue, each once at a time. Exported for its test. */
export function createFollower(
  cloud: Pick<Cloud, 'engine' | 'log' | 'redactor'>,
  app: Pick<AppRow, 'name'>,
  waiting: Bounded<LogLine>,
  signal: AbortSignal,
  now: () => number = () => performance.now(),
): (container: ContainerSummary, tail: number) => Promise<void> {
  const open = new Set<string>();
  /** When the last line that was passed on was written, by container. */
  const told = new Map<string, number>();

  /** True when the reader was too far behind and is to go on with the newest lines. */
  const read = async (container: ContainerSummary, tail: number, again: boolean): Promise<boolean> => {
    // One that ended and is followed again, as it is being stopped or was started anew, goes on where it was.
    const seen = told.get(container.id) ?? 0;
    const lag = createLag();
    let whole = !again;
    let asked = now();
    for await (const line of cloud.engine.logs(container.id, { tail, follow: true, signal })) {
      const waited = now() - asked;
      if (line.at <= seen) {
        // It reaches back to what was passed on already.
        whole = true;
        asked = now();
        continue;
      }
      if (lag.tooFar({ at: line.at, now: now(), waited })) return true;
      if (!whole) await waiting.push(missing(toLogLine(cloud, container, line), seen));
      whole = true;
      told.set(container.id, line.at);
      if (!(await waiting.push(toLogLine(cloud, container, line)))) return false;
      asked = now();
    }
    return false;
  };

  return async (container, tail) => {
    if (open.has(container.id)) return;
    open.add(container.id);
    try {
      for (let behind = await read(container, tail, false); behind; )
        behind = await read(container, linesAgain, told.has(container.id));
    } catch (error) {
      if (!signal.aborted) cloud.log.warn('log stream ended', { app: app.name, error: String(error) });
    } finally {
      open.delete(container.id);
    }
  };
}

/** A line of ours before one of the app's that does not follow the one passed on before it. */
function missing(next: LogLine, from: number): LogLine {
  const [first, last] = [from, next.at].map((at) => new Date(at).toISOString().slice(11, 23));
  const text = `[minicloud] Lines from ${first} to ${last} UTC are missing here: they were written faster than they were read.`;
  return { ...next, stream: 'stderr', text, leftOut: { from, to: next.at } };
}

function tooManyReaders(app: AppRow): ProblemError {
  return new ProblemError({
    code: 'rate_limited',
    what: 'The log can not be followed',
    object: `app ${app.name}`,
    why: `${mostReaders} logs are followed on this server already.`,
    still: 'The apps go on, and so do their logs.',
    remedy: 'End one of the others, or read the last lines without following.',
  });
}

async function logContainers(cloud: Cloud, app: AppRow, process: string | undefined): Promise<ContainerSummary[]> {
  const labels: Labels = { [appLabel]: app.id, ...(process === undefined ? {} : { [processLabel]: process }) };
  return cloud.engine.listContainers(labels);
}

/** An app may print its own passwords; whoever may read its log need not have them. */
function toLogLine(cloud: Pick<Cloud, 'redactor'>, container: ContainerSummary, line: EngineLogLine): LogLine {
  return {
    at: line.at,
    process: container.labels[processLabel] ?? '',
    replica: container.labels[replicaLabel] ?? '',
    release: Number(container.labels[releaseLabel] ?? 0),
    stream: line.stream,
    text: cloud.redactor.of(container.labels['minicloud.app-name'] ?? '').redact(line.text),
  };
}
