import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { demux, type Frame, jsonLines, logLines, longestLogLine } from './docker-streams.ts';

function frame(stream: 1 | 2, text: string): Buffer {
  const data = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** The same bytes, cut at every place that matters: chunks come as the network likes. */
function cut(bytes: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

test('frames come out whole however the bytes were cut', async () => {
  const bytes = Buffer.concat([frame(1, 'hello '), frame(2, 'oops'), frame(1, ''), frame(1, 'wörld')]);
  for (const size of [1, 3, 7, 8, 9, bytes.length]) {
    const frames = await all(demux(Readable.from(cut(bytes, size))));
    assert.deepEqual(
      frames.map(({ stream, data }) => [stream, data.toString()]),
      [
        ['stdout', 'hello '],
        ['stderr', 'oops'],
        ['stdout', ''],
        ['stdout', 'wörld'],
      ],
      `chunks of ${size}`,
    );
  }
});

test('a large frame in many small chunks is not copied again and again', async () => {
  const bytes = frame(1, 'x'.repeat(8 * 1024 * 1024));
  const [only] = await all(demux(Readable.from(cut(bytes, 1024))));
  assert.equal(only?.data.length, 8 * 1024 * 1024);
});

test('log lines carry the time, without the end of line, and long ones come in pieces', async () => {
  const stamp = '2026-01-02T03:04:05.678901234Z';
  const long = 'y'.repeat(longestLogLine + 10);
  const frames: Frame[] = [
    { stream: 'stdout', data: Buffer.from(`${stamp} one\n`) },
    { stream: 'stderr', data: Buffer.from(`${stamp} two\r\n`) },
    { stream: 'stdout', data: Buffer.from(`${stamp} ${long}\n`) },
    { stream: 'stdout', data: Buffer.from('no time here\n') },
  ];
  const lines = await all(logLines(Readable.from(frames)));
  const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  assert.deepEqual(lines, [
    { at, stream: 'stdout', text: 'one' },
    { at, stream: 'stderr', text: 'two' },
    { at, stream: 'stdout', text: 'y'.repeat(longestLogLine) },
    { at, stream: 'stdout', text: 'y'.repeat(10) },
    { at, stream: 'stdout', text: 'no time here' },
  ]);
});

test('lines of JSON are put together again, and half a line at the end is left out', async () => {
  const chunks = ['{"a":1}\n{"b"', ':"ö"}\n\nnot json\n', '{"c":3}\n{"half'].map((text) => Buffer.from(text));
  assert.deepEqual(await all(jsonLines(Readable.from(chunks))), [{ a: 1 }, { b: 'ö' }, { c: 3 }]);
});

test('an answer without an end of line does not fill the memory', async () => {
  const endless = Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(100_000, 120)));
  await assert.rejects(all(jsonLines(endless)), /no end/);
});

test('pieces of a line are one line, each output apart, and what is not ended is told at the end', async () => {
  const piece = (stream: Frame['stream'], second: number, text: string): Frame => ({
    stream,
    data: Buffer.from(`2026-01-02T03:04:0${second}Z ${text}`),
  });
  const frames = [
    piece('stdout', 1, 'Loading'),
    piece('stderr', 2, 'oops\n'),
    piece('stdout', 3, '...'),
    piece('stdout', 4, 'done\n'),
    piece('stdout', 5, '> '),
  ];
  const lines = await all(logLines(Readable.from(frames)));
  assert.deepEqual(
    lines.map(({ at, stream, text }) => [new Date(at).getUTCSeconds(), stream, text]),
    [
      [2, 'stderr', 'oops'],
      [1, 'stdout', 'Loading...done'],
      [5, 'stdout', '> '],
    ],
  );
});
