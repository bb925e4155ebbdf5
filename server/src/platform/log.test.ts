import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, createRedactor } from './log.ts';

test('secrets are redacted by value, in every field and in their URL form', () => {
  const lines: string[] = [];
  const redactor = createRedactor();
  const log = createLog(
    redactor,
    (line) => lines.push(line),
    () => 0,
  );
  redactor.add('p@ss word/1');
  log.error('connecting to mysql://u:p%40ss%20word%2F1@db failed', { url: 'p@ss word/1' });
  assert.equal(lines.length, 1);
  assert.ok(!lines[0]?.includes('p@ss word/1') && !lines[0]?.includes('p%40ss'), lines[0]);
  assert.match(lines[0] ?? '', /\[redacted\].*\[redacted\]/);
});

test('a line break or escape in a fact makes no second line and no colour', () => {
  const lines: string[] = [];
  createLog(
    createRedactor(),
    (line) => lines.push(line),
    () => 0,
  ).info('a\nb', { name: 'x\u001b[31m\r\nforged' });
  assert.equal(lines.length, 1);
  assert.ok(!/[\u0000-\u001f]/.test(lines[0] ?? ''));
});

test('short values are not redacted: they would take ordinary words away', () => {
  const redactor = createRedactor();
  redactor.add('on');
  assert.equal(redactor.redact('switched on'), 'switched on');
});

test('as JSON a line is one object, redacted whatever the secret holds', () => {
  const redactor = createRedactor();
  redactor.add('pass"word\\9');
  const lines: string[] = [];
  createLog(
    redactor,
    (line) => lines.push(line),
    () => 0,
    'json',
  ).warn('with pass"word\\9\nin it', { app: 'a\u2028b', port: 7, none: undefined });
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [{ at: '1970-01-01T00:00:00.000Z', level: 'warn', message: 'with [redacted]\nin it', app: 'a b', port: 7 }],
  );
});
