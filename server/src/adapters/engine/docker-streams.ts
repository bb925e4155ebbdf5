/** Docker's streams, read at the pace of the reader: lines of JSON, and output of two kinds in one connection. */
import type { Readable } from 'node:stream';
import type { EngineLogLine } from './contract.ts';

/** Longer lines of a log are given in pieces of this size, bytes. */
export const longestLogLine = 16 * 1024;
/** A single answer line of the engine that is longer than this is no answer, bytes. */
const longestJsonLine = 4 * 1024 * 1024;
const frameHeaderBytes = 8;

export interface Frame {
  stream: 'stdout' | 'stderr';
  data: Buffer;
}

/** Each line of a body as a value; lines that are no JSON are left out. */
export async function* jsonLines(body: Readable): AsyncGenerator<unknown> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestJsonLine) throw new Error('a line of the answer has no end');
    for (const line of lines) yield* parsed(line);
  }
  yield* parsed(rest);
}

/** Docker's multiplexed output (1 = stdout, 2 = stderr, length, data), as frames. */
export async function* demux(body: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let pending: Buffer[] = [];
  let size = 0;
  let needed = frameHeaderBytes;
  for await (const chunk of body) {
    pending.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    size += chunk.byteLength;
    // Joined only when a frame is whole: joining for every chunk of a large frame would copy it again and again.
    if (size < needed) continue;
    let buffer = Buffer.concat(pending);
    for (;;) {
      if (buffer.length < frameHeaderBytes) {
        needed = frameHeaderBytes;
        break;
      }
      needed = frameHeaderBytes + buffer.readUInt32BE(4);
      if (buffer.length < needed) break;
      yield { stream: buffer[0] === 2 ? 'stderr' : 'stdout', data: buffer.subarray(frameHeaderBytes, needed) };
      buffer = buffer.subarray(needed);
    }
    pending = buffer.length > 0 ? [buffer] : [];
    size = buffer.length;
  }
}

/**
 * Frames of a log with timestamps, as lines. What was cut because it was long stays cut. Podman gives a frame for each
 * piece of a line that a program wrote, all but the last without its end: they are one line, of the time of the first.
 */
export async function* logLines(frames: AsyncIterable<Frame>): AsyncGenerator<EngineLogLine> {
  let at = 0;
  const begun = new Map<Frame['stream'], EngineLogLine>();
  for await (const { stream, data } of frames) {
    const lines = data.toString('utf8').split('\n');
    for (const [index, line] of lines.entries()) {
      if (line === '') continue;
      const space = line.indexOf(' ');
      const time = space > 0 ? Date.parse(line.slice(0, space)) : Number.NaN;
      if (Number.isFinite(time)) at = time;
      const text = Number.isFinite(time) ? line.slice(space + 1) : line;
      const first = begun.get(stream);
      const whole = first ? { ...first, text: first.text + text } : { at, stream, text };
      begun.delete(stream);
      if (index === lines.length - 1 && whole.text.length < longestLogLine) begun.set(stream, whole);
      else yield* pieces(whole);
    }
  }
  for (const rest of begun.values()) yield* pieces(rest);
}

function pieces(line: EngineLogLine): EngineLogLine[] {
  const text = line.text.replace(/\r$/, '');
  const count = Math.max(1, Math.ceil(text.length / longestLogLine));
  return Array.from({ length: count }, (_, index) => ({
    ...line,
    text: text.slice(index * longestLogLine, (index + 1) * longestLogLine),
  }));
}

function* parsed(line: string): Generator<unknown> {
  if (!line.trim()) return;
  try {
    yield JSON.parse(line) as unknown;
  } catch {
    // Half a line at the end of a connection that broke.
  }
}
