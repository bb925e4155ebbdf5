import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatBytes,
  formatDuration,
  parseDuration,
  parsePercent,
  parseSize,
  suggestDuration,
  suggestPercent,
  suggestSize,
} from './units.ts';

/** Each row: text, number or undefined. */
test('sizes: decimal and binary units are different', () => {
  const rows: [string, number | undefined][] = [
    ['256MB', 256_000_000],
    ['256MiB', 268_435_456],
    ['1kB', 1000],
    ['1KB', 1000],
    ['1KiB', 1024],
    ['1kiB', 1024],
    ['2GB', 2e9],
    ['2GiB', 2 ** 31],
    ['1TB', 1e12],
    ['1TiB', 2 ** 40],
    ['1.5GB', 1_500_000_000],
    ['12B', 12],
    ['0B', 0],
    ['256', undefined],
    ['256M', undefined],
    ['256mb', undefined],
    ['256 MB', undefined],
    ['-1MB', undefined],
    ['MB', undefined],
    ['1e3MB', undefined],
    ['999999999999TB', undefined],
  ];
  for (const [text, bytes] of rows) assert.equal(parseSize(text), bytes, text);
});

test('durations', () => {
  const rows: [string, number | undefined][] = [
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1.5s', 1500],
    ['0s', 0],
    ['30', undefined],
    ['1h30m', undefined],
    ['30 s', undefined],
    ['30S', undefined],
    ['-5s', undefined],
  ];
  for (const [text, milliseconds] of rows) assert.equal(parseDuration(text), milliseconds, text);
});

test('percentages are whole, from 1 to 100', () => {
  const rows: [string, number | undefined][] = [
    ['1%', 1],
    ['100%', 100],
    ['0%', undefined],
    ['101%', undefined],
    ['10', undefined],
    ['1.5%', undefined],
  ];
  for (const [text, share] of rows) assert.equal(parsePercent(text), share, text);
});

test('what is written is what is read', () => {
  for (const text of ['1B', '999B', '256MB', '256MiB', '5GiB', '3TB', '1kB', '1KiB'])
    assert.equal(formatBytes(parseSize(text) ?? -1), text);
  for (const text of ['1ms', '1500ms', '30s', '90s', '5m', '2h', '1d'])
    assert.equal(formatDuration(parseDuration(text) ?? -1), text);
  assert.equal(formatBytes(0), '0B');
  assert.equal(formatDuration(0), '0ms');
  assert.equal(formatDuration(5_400_000), '90m');
});

test('what was probably meant', () => {
  assert.deepEqual([512, '512M', '512 mb', '512Mi', '1g', '1 GiB', '5 bytes', 'much'].map(suggestSize), [
    '512MB',
    '512MB',
    '512MB',
    '512MiB',
    '1GB',
    '1GiB',
    '5B',
    undefined,
  ]);
  assert.deepEqual([30, '30 sec', '5min', '1h30m', '2 hours', '1d 12h', 'soon', '5x'].map(suggestDuration), [
    '30s',
    '30s',
    '5m',
    '90m',
    '2h',
    '36h',
    undefined,
    undefined,
  ]);
  assert.deepEqual([10, '10 %', 'ten'].map(suggestPercent), ['10%', '10%', undefined]);
});
