import type { Operation, OperationStep } from 'minicloud-shared/model/operation';
import { type Problem, problemLines } from 'minicloud-shared/model/problem';
import type { Translate } from '../translate.ts';

const signs: Record<OperationStep['state'], string> = { waiting: ' ', running: '…', done: '✓', failed: '✗' };

/** A deploy that failed as a page: the step that failed first, what it left as evidence, then what ran before it. */
export function failureText({ app, release, kind, steps }: Operation, problem: Problem, t: Translate): string {
  const failed = steps.find(({ state }) => state === 'failed');
  const [what = '', ...rest] = problemLines({ ...problem, evidence: [] });
  const title =
    kind === 'deploy' && release !== undefined ? t('{0}: release {1} failed', app, release) : t('{0} failed', app);
  const lines = [title, ...(failed ? [`✗  ${failed.title}`] : []), '', what, ...rest];
  if (problem.evidence.length > 0) lines.push('', t('Output'), ...problem.evidence.map((line) => `  ${line}`));
  if (steps.length > 0) {
    lines.push('', t('Steps'));
    for (const { state, title: step, detail, ms } of steps) {
      const time = ms === undefined ? '' : `  ${t('{0} s', (ms / 1000).toFixed(2))}`;
      lines.push(`  ${signs[state] ?? '?'}  ${[step, detail].filter(Boolean).join(': ')}${time}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
