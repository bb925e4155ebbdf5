import assert from 'node:assert/strict';
import { test } from 'node:test';
import { table } from './table.ts';
import { clean, cut, cutLine, render, safeJson, styled, width, wrap } from './text.ts';
import { bytes, duration, elapsed, parseDuration, relative } from './time.ts';

/** Everything that acts on a terminal instead of being shown. */
const hostile =
  'a\u001b[31mred\u001b[0m \u001b]0;title\u0007\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\ \u009b2Jb \u202Egnp.exe\u2066 \u0000\r\b\u001b[2J';

test('foreign text is shown without anything that acts', () => {
  const shown = clean(hostile);
  assert.doesNotMatch(shown, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  assert.match(shown, /ared +link/);
  assert.match(shown, /gnp\.exe/);
  assert.equal(clean('naïve 日本 👩‍🚀 é'), 'naïve 日本 👩‍🚀 é');
});

test('only our own styles reach the terminal, and none when colours are off', () => {
  assert.equal(render([styled('red', `${hostile}`), '\u001b[5m'], false), clean(hostile));
  assert.equal(render([styled('red', 'x\u001b[0m')], true), '\u001b[31mx\u001b[39m');
  assert.equal(render([styled('red', '')], true), '');
});

test('JSON can not act either and stays the same value', () => {
  const value = { [hostile]: [hostile] };
  const text = safeJson(value);
  assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  assert.deepEqual(JSON.parse(text), value);
});

test('widths count columns, not characters', () => {
  assert.equal(width('日本'), 4);
  assert.equal(width('é'), 1);
  assert.equal(width('\u001b[31mab\u001b[0m'), 2);
});

test('cutting never exceeds the room and never splits a character', () => {
  assert.equal(cut('hello', 5), 'hello');
  assert.equal(cut('hello', 4), 'hel…');
  assert.equal(cut('日本語', 4), '日…');
  assert.equal(cut('👩‍🚀👩‍🚀', 3), '👩‍🚀…');
  assert.equal(cut('hello', 0), '');
  assert.equal(render(cutLine([styled('red', 'abc'), 'defgh', 'x'], 6), false), 'abcde…');
});

test('wrapping breaks at spaces, long words inside, and loses nothing', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrap('abcdefghij', 4), ['abcd', 'efgh', 'ij']);
  assert.deepEqual(wrap('', 4), ['']);
  const long = 'The deploy runs on the server 日本語日本語日本語 and goes-on-without-any-space-at-all-for-long.';
  for (const columns of [1, 2, 7, 20]) {
    const lines = wrap(long, columns);
    assert.equal(lines.join('').replaceAll(' ', ''), long.replaceAll(' ', ''));
    assert.ok(
      lines.every((line) => width(line) <= Math.max(2, columns)),
      `${columns}: ${lines.join('|')}`,
    );
  }
});

test('a table stays within its room, and gives way in the widest column', () => {
  const rows = [
    ['shop', 'https://shop.example.com/', 'docker.io/me/shop:1'],
    ['日本語', 'x', `${'very '.repeat(20)}long`],
  ];
  const columns = [
    { title: 'APP' },
    { title: 'URL', overflow: 'cut' as const },
    { title: 'TEXT', overflow: 'wrap' as const },
  ];
  for (const limit of [30, 40, 60, 120]) {
    const lines = table(columns, rows, limit).map((line) => render(line, false));
    assert.ok(
      lines.every((line) => width(line) <= limit),
      `${limit}:\n${lines.join('\n')}`,
    );
    assert.ok(lines.every((line) => line === line.trimEnd()));
  }
  const whole = table(columns, rows, Number.POSITIVE_INFINITY).map((line) => render(line, false));
  assert.equal(whole.length, 3);
  assert.match(whole[2] ?? '', /long$/);
});

test('times in words', () => {
  const now = 1_700_000_000_000;
  assert.equal(relative(now - 2_000, now), 'just now');
  assert.equal(relative(now - 59_000, now), '59 s ago');
  assert.equal(relative(now - 3 * 60_000, now), '3 min ago');
  assert.equal(relative(now - 26 * 3_600_000, now), '1 day ago');
  assert.equal(relative(now + 90 * 86_400_000, now), 'in 90 days');
  assert.equal(duration(820), '820 ms');
  assert.equal(duration(3_240), '3.2 s');
  assert.equal(duration(125_000), '2 min 5 s');
  assert.equal(elapsed(125_000), '2:05');
  assert.equal(elapsed(-5), '0.0 s');
  assert.equal(bytes(171_400_000), '171 MB');
  assert.equal(bytes(1_200), '1.2 kB');
  assert.equal(parseDuration('90d'), 90 * 86_400_000);
  for (const bad of ['', '90', 'd', '0d', '-1d', '1.5h', '1y', '9999999d'])
    assert.equal(parseDuration(bad), undefined, bad);
});

test('what is told to be a column each is so by the library too', async () => {
  const { default: stringWidth } = await import('string-width');
  const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter(
    (each) => clean(each) === each,
  );
  for (const each of all.filter((one) => /[\x20-\xff–—…•→←✓]/.test(one)))
    assert.equal(width(each), stringWidth(each), each);
  for (const text of ['日本語', '👩‍👩‍👧', 'e\u0301', '✓\ufe0f', 'a\u00adb'])
    assert.equal(width(text), stringWidth(text), text);
});
