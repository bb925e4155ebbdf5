import { describeError } from 'minicloud-shared/client/describe-error';
import { type Problem, type ProblemCode, problemLines } from 'minicloud-shared/model/problem';
import { commands, type LogOutputChannel, l10n, window } from 'vscode';
import { isNoToken } from './servers/api.ts';

/** Tells a person what failed: the sentence and the remedy in a message, everything else in the output. */
export async function showError(output: LogOutputChannel, error: unknown, server?: string): Promise<void> {
  await showProblem(output, describeError(error, server), server);
}

/** Messages that nobody has answered yet: the same one is not shown twice. */
const open = new Set<string>();

export async function showProblem(output: LogOutputChannel, problem: Problem, server?: string): Promise<void> {
  if (problem.code === 'cancelled') return;
  logProblem(output, problem);
  const refused = problem.code === 'unauthorized' && !isNoToken(problem);
  const text = refused ? refusal(server) : sentence(problem);
  // Whatever was asked with a token that is refused ends alike.
  const key = refused ? problem.code : text;
  if (open.has(key)) return;
  open.add(key);
  try {
    const action = actionOf(problem.code);
    const chosen = await window.showErrorMessage(text, action.title);
    if (chosen === action.title) await commands.executeCommand(action.command);
  } finally {
    open.delete(key);
  }
}

/** The server's own words speak of its command line and of the call that it refused. */
function refusal(server = l10n.t('The server')): string {
  return l10n.t('{0} refuses the token: it expired or was revoked. What runs there goes on.', server);
}

/** The one thing that helps; where nothing does, everything that is known. */
function actionOf(code: ProblemCode): { title: string; command: string } {
  const actions: Partial<Record<ProblemCode, { title: string; command: string }>> = {
    unauthorized: { title: l10n.t('Replace Token…'), command: 'minicloud.replaceToken' },
    forbidden: { title: l10n.t('Replace Token…'), command: 'minicloud.replaceToken' },
  };
  return actions[code] ?? { title: l10n.t('Show Output'), command: 'minicloud.showOutput' };
}

export function logProblem(output: LogOutputChannel, problem: Problem): void {
  for (const line of problemLines(problem)) output.error(line);
}

/** One line for a notification or a tree item. */
export function sentence({ what, object, why, still, remedy }: Problem): string {
  return [`${what} (${object}): ${why}`, still, remedy].filter(Boolean).join(' ');
}
