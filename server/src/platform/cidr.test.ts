import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockAround, contains, formatAddress, overlaps, parseAddress, parseCidr } from './cidr.ts';

test('blocks are read and written', () => {
  assert.deepEqual(parseCidr('10.64.0.0/12'), { base: 0x0a400000, prefix: 12, size: 2 ** 20 });
  assert.deepEqual(parseCidr('0.0.0.0/0'), { base: 0, prefix: 0, size: 2 ** 32 });
  for (const text of ['0.0.0.0', '10.64.0.1', '255.255.255.255']) assert.equal(formatAddress(parseAddress(text)), text);
});

test('what is no block is refused', () => {
  for (const text of [
    '',
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.1/24',
    '10.0.0/8',
    '010.0.0.0/8',
    '10.0.0.256/32',
    '::/0',
  ]) {
    assert.throws(() => parseCidr(text), RangeError, text);
  }
});

test('a block holds another or not', () => {
  const pool = parseCidr('10.64.0.0/12');
  assert.equal(contains(pool, parseCidr('10.79.255.192/26')), true);
  assert.equal(contains(pool, parseCidr('10.80.0.0/26')), false);
  assert.equal(contains(parseCidr('10.64.0.0/26'), pool), false);
});

test('blocks that share an address, and the block that an address is in', () => {
  const block = parseCidr('10.64.0.64/26');
  for (const text of ['10.64.0.64/26', '10.64.0.0/24', '10.64.0.127/32', '0.0.0.0/0'])
    assert.equal(overlaps(block, parseCidr(text)) && overlaps(parseCidr(text), block), true, text);
  for (const text of ['10.64.0.0/26', '10.64.0.128/25', '10.65.0.64/26'])
    assert.equal(overlaps(block, parseCidr(text)) || overlaps(parseCidr(text), block), false, text);
  assert.deepEqual(blockAround('10.64.0.100/26'), block);
  assert.throws(() => blockAround('10.64.0.100'), RangeError);
});
