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

test('the running step is named with its place and what it is at', () => {
  const steps = [
    step('Network', 'done'),
    step('Pull', 'running', { progress: 0.5, detail: '6 of 12 MB' }),
    step('Start', 'waiting'),
    step('Probe', 'waiting'),
  ];
  assert.deepEqual(progressOf(operation(steps)), { percent: 38, message: '2/4  Pull: 6 of 12 MB' });
});

test('a failed step stays named, and an operation without steps is at its beginning', () => {
  assert.deepEqual(progressOf(operation([step('Network', 'done'), step('Start', 'failed')])), {
    percent: 50,
    message: '2/2  Start',
  });
  assert.deepEqual(progressOf(operation([])), { percent: 0, message: '' });
});
