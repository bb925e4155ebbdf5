import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localPortFor, parsePorts } from './ports.ts';

test('the local port is the same where it may be had', () => {
  assert.deepEqual([80, 443, 1023, 1024, 3306].map(localPortFor), [8080, 8443, 9023, 1024, 3306]);
});

test('one port or two are read, everything else is not', () => {
  assert.deepEqual(parsePorts(' 9229 '), { localPort: 9229, targetPort: 9229 });
  assert.deepEqual(parsePorts('80'), { localPort: 8080, targetPort: 80 });
  assert.deepEqual(parsePorts('9000:80'), { localPort: 9000, targetPort: 80 });
  for (const wrong of ['', '0', '65536', '80:', ':80', '0:80', 'http', '1:2:3', '-1', '99999:80']) {
    assert.equal(parsePorts(wrong), undefined, wrong);
  }
});
