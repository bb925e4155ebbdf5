import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalizeDomain } from './domain.ts';

const long = (length: number) => 'a'.repeat(length);

test('names that are domains, in the form that routes use', () => {
  const rows: [string, string][] = [
    ['example.com', 'example.com'],
    ['Shop.Example.COM', 'shop.example.com'],
    ['*.example.com', '*.example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['*.bücher.example', '*.xn--bcher-kva.example'],
    ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['a-b--c.example.com', 'a-b--c.example.com'],
    ['1.example.com', '1.example.com'],
    ['example.c0m', 'example.c0m'],
    [`${long(63)}.example.com`, `${long(63)}.example.com`],
    [`${`${long(61)}.`.repeat(4)}abcde`, `${`${long(61)}.`.repeat(4)}abcde`],
  ];
  for (const [text, name] of rows) assert.deepEqual(normalizeDomain(text), { ok: true, name }, text);
});

test('what is no domain, and why', () => {
  const rows: [string, RegExp][] = [
    ['', /empty/],
    ['localhost', /only one part/],
    ['com', /only one part/],
    ['evil.com;', /";"/],
    ['evil.com,other.com', /","/],
    ['a..b.com', /empty part/],
    ['.example.com', /empty part/],
    ['example.com.', /ends in a dot/],
    ['2130706433', /number/],
    ['0x7f000001', /number/],
    ['0x7f.1', /number/],
    ['127.0.0.1', /number/],
    ['1.2.3', /number/],
    ['example.123', /number/],
    ['example.0x1f', /number/],
    ['１２７.０.０.１', /number|can not/],
    ['[::1]', /"\["/],
    ['::1', /":"/],
    ['my_shop.example.com', /underscore/],
    ['-a.example.com', /starts or ends with/],
    ['a-.example.com', /starts or ends with/],
    ['*', /"\*"/],
    ['*.com', /every name under com/],
    ['*.localhost', /every name under localhost/],
    ['*.*.example.com', /"\*"/],
    ['a*.example.com', /"\*"/],
    ['a b.example.com', /space/],
    ['a\u200db.example.com', /invisible/],
    ['a\u00adb.example.com', /invisible/],
    ['a\u0000.example.com', /invisible/],
    ['xn--a.example.com', /can not/],
    ['user@example.com', /"@"/],
    ['example.com%2f', /"%"/],
    [`${long(64)}.example.com`, /63/],
    [`${`${long(61)}.`.repeat(4)}abcdef`, /253/],
    [`*.${`${long(61)}.`.repeat(4)}abcde`, /253/],
    [long(2000), /253/],
  ];
  for (const [text, why] of rows) {
    const result = normalizeDomain(text);
    assert.ok(!result.ok, text);
    assert.match(result.why, why, text);
  }
});

test('a name that was probably meant is offered, and is one', () => {
  const rows: [string, string | undefined][] = [
    ['https://Shop.Example.com/a?b#c', 'shop.example.com'],
    ['shop.example.com:8080', 'shop.example.com'],
    ['shop.example.com/', 'shop.example.com'],
    ['shop.example.com.', 'shop.example.com'],
    [' shop.example.com', 'shop.example.com'],
    ['http://127.0.0.1/', undefined],
    ['evil.com;', undefined],
  ];
  for (const [text, suggestion] of rows) {
    const result = normalizeDomain(text);
    assert.ok(!result.ok, text);
    assert.equal(result.suggestion, suggestion, text);
  }
});
