import { describeError } from 'minicloud-shared/client/describe-error';
import { type Problem, problemLines } from 'minicloud-shared/model/problem';
import { type LogOutputChannel, l10n, window } from 'vscode';

/** Tells a person what failed: the sentence and the remedy in a message, everything else in the output. */
export async function showError(output: LogOutputChannel, error: unknown, server?: string): Promise<void> {
  await showProblem(output, describeError(error, server));
}

export async function showProblem(output: LogOutputChannel, problem: Problem): Promise<void> {
  if (problem.code === 'cancelled') return;
  logProblem(output, problem);
  const showOutput = l10n.t('Show Output');
  const chosen = await window.showErrorMessage(sentence(problem), showOutput);
  if (chosen === showOutput) output.show(true);
}

export function logProblem(output: LogOutputChannel, problem: Problem): void {
  for (const line of problemLines(problem)) output.error(line);
}

/** One line for a notification or a tree item. */
export function sentence({ what, object, why, still, remedy }: Problem): string {
  return [`${what} (${object}): ${why}`, still, remedy].filter(Boolean).join(' ');
}
