import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation } from 'minicloud-shared/model/operation';
import type { Problem } from 'minicloud-shared/model/problem';
import { untranslated } from '../translate.ts';
import { failureText } from './failure-text.ts';

const operation: Operation = {
  id: 'op1',
  kind: 'deploy',
  app: 'shop',
  release: 2,
  state: 'failed',
  by: 'me',
  createdAt: 0,
  steps: [
    { id: 'start web', title: 'Start 1 replica of web', state: 'done', ms: 210 },
    { id: 'await-healthy', title: 'Wait until they are healthy', state: 'failed', ms: 1_500 },
  ],
};
const problem: Problem = {
  code: 'container_exited',
  what: 'A replica ended',
  object: 'web.1 of shop',
  why: 'Exit code 3.',
  still: 'Release 1 still serves.',
  remedy: 'Read its output.',
  evidence: ['Error: no such table: entries'],
};

test('the failing step comes first, with its output; what ran before follows', () => {
  assert.equal(
    failureText(operation, problem, untranslated),
    `shop: release 2 failed
✗  Wait until they are healthy

A replica ended: web.1 of shop
  why    Exit code 3.
  still  Release 1 still serves.
  do     Read its output.

Output
  Error: no such table: entries

Steps
  ✓  Start 1 replica of web  0.21 s
  ✗  Wait until they are healthy  1.50 s
`,
  );
});

test('an operation that failed before its first step has no list of steps', () => {
  const text = failureText({ ...operation, kind: 'rollback', steps: [] }, { ...problem, evidence: [] }, untranslated);
  assert.match(text, /^shop failed$/m);
  assert.doesNotMatch(text, /Steps|Output|✗/);
});
