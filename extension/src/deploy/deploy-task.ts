import { randomUUID } from 'node:crypto';
import { describeError } from 'minicloud-shared/client/describe-error';
import type { Diagnostic } from 'minicloud-shared/manifest/model';
import { type Problem, problemLines } from 'minicloud-shared/model/problem';
import { EventEmitter, l10n, type Pseudoterminal, type Uri } from 'vscode';
import { plan as makePlan } from '../commands/plan-manifest.ts';
import { showError } from '../problems.ts';
import type { Services } from '../services.ts';
import { confirmDeploy } from './confirm.ts';
import { progressOf } from './progress.ts';
import { receiptWords } from './receipt-words.ts';
import { planChanged, startDeploy } from './run-deploy.ts';
import { diagnosticLine, planLines, terminalLine } from './task-lines.ts';
import { watchOperation } from './watch-operation.ts';

/** Exit codes as the command line has them: 0 deployed, 1 not. */
type ExitCode = 0 | 1;

/**
 * A deploy as a task: the same plan, questions and operation as the command, told line by line. No shell and no
 * program runs here. Ending the task asks the server to cancel.
 */
export function createDeployTerminal(services: Services, manifest: Uri): Pseudoterminal {
  const written = new EventEmitter<string>();
  const closed = new EventEmitter<number>();
  const say = (line: string): void => written.fire(terminalLine(line));
  const ended = new AbortController();
  const end = (code: ExitCode): void => {
    if (!ended.signal.aborted) closed.fire(code);
  };
  return {
    onDidWrite: written.event,
    onDidClose: closed.event,
    open() {
      deploy(services, manifest, say, ended.signal).then(end, (error: unknown) => {
        for (const line of problemLines(describeError(error))) say(line);
        end(1);
      });
    },
    close: () => ended.abort(),
  };
}

async function deploy(
  services: Services,
  uri: Uri,
  say: (line: string) => void,
  ended: AbortSignal,
): Promise<ExitCode> {
  const told = (diagnostics: readonly Diagnostic[]): void => {
    for (const diagnostic of diagnostics) say(diagnosticLine(uri.fsPath, diagnostic));
  };
  const planned = await makePlan(services, uri, told);
  if (!planned) {
    say(l10n.t('Nothing was planned or deployed.'));
    return 1;
  }
  const { plan, live, source } = planned;
  for (const line of planLines(plan, live.server.name, l10n.t)) say(line);
  // Who ended the task while it planned, or left the question open, is not asked and wants no deploy.
  if (ended.aborted) return 1;
  if (!(await confirmDeploy(plan, source.uri, live.server.name))) {
    say(l10n.t('Not deployed: it was declined.'));
    return 1;
  }
  if (ended.aborted) return 1;
  const started = await startDeploy(planned, randomUUID());
  if (!started) {
    say(planChanged(plan.app));
    return 1;
  }
  const { operationId: id, release } = started;
  const cancel = (): void => {
    live.api.operations.cancel
      .mutate({ id })
      .catch((error: unknown) => void showError(services.output, error, live.server.name));
  };
  // Ended while the server was asked to start: what it started is cancelled as soon as it is known.
  if (ended.aborted) cancel();
  else ended.addEventListener('abort', cancel);
  let last = '';
  const operation = await watchOperation(live.connection, () => live.api.operations.get.query({ id }), id, {
    onChange(now) {
      const { message } = progressOf(now, plan.steps.length);
      if (message && message !== last) say(message);
      last = message;
    },
    onAway: ({ why }) => say(l10n.t('{0} is away ({1}) It goes on there.', live.server.name, why)),
  }).finally(() => ended.removeEventListener('abort', cancel));
  if (operation.state !== 'succeeded') {
    if (operation.problem) sayProblem(say, uri, operation.problem);
    return 1;
  }
  say(l10n.t('{0}: release {1} is live.', plan.app, release));
  const receipt = (await live.api.releases.get.query({ app: plan.app, version: release }).catch(() => undefined))
    ?.receipt;
  if (receipt) say(receiptWords(receipt, l10n.t));
  for (const url of plan.urls) say(url);
  return 0;
}

/** The cause in the manifest's own line format, so that it stands among the problems too, then everything known. */
function sayProblem(say: (line: string) => void, uri: Uri, problem: Problem): void {
  const start = { line: 0, character: 0 };
  const message = `${problem.what}: ${problem.why}`;
  say(diagnosticLine(uri.fsPath, { severity: 'error', message, code: problem.code, range: { start } }));
  for (const line of problemLines(problem)) say(line);
}
