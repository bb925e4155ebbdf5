import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation, OperationStep } from 'minicloud-shared/model/operation';
import { progressOf } from './progress.ts';

const step = (title: string, state: OperationStep['state'], more: Partial<OperationStep> = {}): OperationStep => ({
  id: title,
  title,
  state,
  ...more,
});
const operation = (steps: OperationStep[]): Operation => ({
  id: 'op1',
  kind: 'deploy',
  app: 'shop',
  state: 'running',
  by: 'me',
  steps,
  createdAt: 0,
});

test('the running step is named with its place among the planned ones', () => {
  const steps = [step('Network', 'done'), step('Pull', 'running', { progress: 0.5, detail: '6 of 12 MB' })];
  assert.deepEqual(progressOf(operation(steps), 4), { percent: 38, message: '2/4  Pull: 6 of 12 MB' });
});

test('without a plan no place and no percentage is claimed', () => {
  assert.deepEqual(progressOf(operation([step('Stop web', 'running')])), { percent: 0, message: 'Stop web' });
});

test('more steps than planned, a failed step, no step yet', () => {
  const steps = [step('Network', 'done'), step('Start', 'failed')];
  assert.deepEqual(progressOf(operation(steps), 1), { percent: 50, message: '2/2  Start' });
  assert.deepEqual(progressOf(operation([]), 4), { percent: 0, message: '' });
});
