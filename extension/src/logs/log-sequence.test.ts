import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLine } from 'minicloud-shared/model/system';
import { createLogSequence, type LogPiece } from './log-sequence.ts';

const line = (at: number, text: string, release = 1, replica = '1'): LogLine => ({
  at,
  text,
  release,
  replica,
  process: 'web',
  stream: 'stdout',
});
const told = (pieces: LogPiece[]): string[] =>
  pieces.map((piece) => {
    if (piece.kind === 'line') return piece.line.text;
    return piece.kind === 'release' ? `release ${piece.release}` : 'gap';
  });

test('a reconnect repeats nothing, not even lines of the same moment', () => {
  const sequence = createLogSequence();
  sequence.restart();
  const first = [line(1, 'a'), line(2, 'b'), line(2, 'b'), line(2, 'c')];
  assert.deepEqual(
    first.flatMap((each) => told(sequence.accept(each))),
    ['a', 'b', 'b', 'c'],
  );
  sequence.restart();
  const again = [...first, line(2, 'b'), line(2, 'd'), line(3, 'e')];
  assert.deepEqual(
    again.flatMap((each) => told(sequence.accept(each))),
    ['b', 'd', 'e'],
  );
  sequence.restart();
  assert.deepEqual(
    [line(2, 'd'), line(3, 'e'), line(3, 'e')].flatMap((each) => told(sequence.accept(each))),
    ['e'],
  );
});

test('replicas are counted apart: the clock of one says nothing of the other', () => {
  const sequence = createLogSequence();
  for (const each of [line(10, 'a', 1, '1'), line(5, 'b', 1, '2')]) sequence.accept(each);
  sequence.restart();
  const again = [line(5, 'b', 1, '2'), line(7, 'late', 1, '2'), line(10, 'a', 1, '1')];
  assert.deepEqual(
    again.flatMap((each) => told(sequence.accept(each))),
    ['late'],
  );
});

test('a redeploy is marked once, and the old release may still say something', () => {
  const sequence = createLogSequence();
  const lines = [line(1, 'old'), line(2, 'new', 2), line(3, 'bye'), line(4, 'on', 2), line(5, 'third', 3)];
  assert.deepEqual(
    lines.flatMap((each) => told(sequence.accept(each))),
    ['old', 'release 2', 'new', 'bye', 'on', 'release 3', 'third'],
  );
});

test('lines that may be missing are said, and only then', () => {
  const sequence = createLogSequence();
  sequence.restart();
  assert.deepEqual(told(sequence.accept(line(1, 'a'))), ['a']);
  sequence.restart();
  assert.deepEqual(told(sequence.accept(line(1, 'a'))), []);
  assert.deepEqual(told(sequence.accept(line(2, 'b'))), ['b']);
  sequence.restart();
  assert.deepEqual(told(sequence.accept(line(9, 'z'))), ['gap', 'z']);
});
