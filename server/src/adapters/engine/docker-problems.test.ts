import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dockerProblem } from './docker-problems.ts';

const attempt = { object: 'image registry.example/shop:1', verb: 'pull the image' };
const told = (message: string, kind: 'engine' | 'registry') =>
  dockerProblem(new Error(message), attempt, kind).problem.code;
const asked = 'Get "https://registry.example/v2/"';

/** As engines say it. The first two are one fault: which of two clocks of Go's client rings first decides the words. */
const silences = [
  `${asked}: net/http: request canceled (Client.Timeout exceeded while awaiting headers)`,
  `${asked}: context deadline exceeded`,
  `${asked}: net/http: request canceled while waiting for connection`,
  `${asked}: dial tcp 192.0.2.1:443: i/o timeout`,
  `${asked}: dial tcp: lookup registry.example: no such host`,
  `${asked}: http: server gave HTTP response to HTTPS client`,
  `${asked}: x509: certificate signed by unknown authority`,
  'write tcp 192.0.2.7:40112->192.0.2.1:443: write: broken pipe',
  'read tcp 192.0.2.7:40112->192.0.2.1:443: use of closed network connection',
  'http2: server sent GOAWAY and closed the connection',
];

test('a registry that is silent or cannot be spoken to is told as one, however the engine words it', () => {
  for (const message of silences) assert.equal(told(message, 'registry'), 'registry_unreachable', message);
});

test('the same words about the engine itself do not blame a registry', () => {
  assert.equal(told('context deadline exceeded', 'engine'), 'engine_failed');
});
