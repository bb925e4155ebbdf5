import type { Operation, OperationStep } from 'minicloud-shared/model/operation';
import { problemLines } from 'minicloud-shared/model/problem';
import type { Translate } from '../translate.ts';

const signs: Record<OperationStep['state'], string> = { waiting: ' ', running: '…', done: '✓', failed: '✗' };

/** An operation as a page: what and by whom, its steps with their times, and the problem where there was one. */
export function operationText(operation: Operation, t: Translate): string {
  const { kind, app, release, state, by, steps, problem, createdAt, finishedAt } = operation;
  const lines = [
    release === undefined ? t('{0} of {1}', kind, app) : t('{0} of {1}, release {2}', kind, app, release),
    `${state}  ·  ${by}  ·  ${new Date(createdAt).toISOString()}`,
  ];
  if (finishedAt !== undefined) lines.push(t('{0} s in all', seconds(finishedAt - createdAt)));
  if (steps.length > 0) lines.push('', t('Steps'));
  for (const step of steps) {
    const time = step.ms === undefined ? ''.padStart(10) : `${seconds(step.ms).padStart(8)} s`;
    lines.push(`${time}  ${signs[step.state] ?? '?'}  ${[step.title, step.detail].filter(Boolean).join(': ')}`);
  }
  if (problem) lines.push('', t('What went wrong'), ...problemLines(problem).map((line) => `  ${line}`));
  return `${lines.join('\n')}\n`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}
