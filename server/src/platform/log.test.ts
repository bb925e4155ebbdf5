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

test('a value is redacted in the ways in which programs write it', () => {
  const value = 'p@ss "w\\rd"/1é';
  const redactor = createRedactor();
  redactor.add(value, 'shop_a1');
  const basic = Buffer.from(`shop_a1:${value}`);
  const written = [
    `plain ${value} end`,
    `form ${new URLSearchParams({ a: value })}`,
    `url mysql://shop_a1:${encodeURIComponent(value)}@db`,
    `lower ${encodeURIComponent(value).toLowerCase()}`,
    JSON.stringify({ DATABASE_PASSWORD: value }),
    JSON.stringify({ DATABASE_PASSWORD: value }).replaceAll('/', '\\/'),
    `Authorization: Basic ${basic.toString('base64')}`,
    `token=${basic.toString('base64url')}&x`,
    `password: ${Buffer.from(value).toString('base64')}\n`,
    `unpadded ${Buffer.from(value).toString('base64').replace(/=+$/, '')};`,
  ];
  for (const text of written) {
    const clean = redactor.redact(text);
    assert.match(clean, /\[redacted\]/, text);
    assert.ok(clean.length <= text.length - value.length + '[redacted]'.length, clean);
  }
});

test('of two values the longer is redacted whole; values side by side too; what is alike stays', () => {
  const redactor = createRedactor();
  redactor.add('abcdef');
  redactor.add('abcdefghi');
  assert.equal(
    redactor.redact('abcdefghi abcdefabcdefghi abcdeg abcde'),
    '[redacted] [redacted][redacted] abcdeg abcde',
  );
});
