import type { Operation } from 'minicloud-shared/model/operation';
import { releaseCan } from 'minicloud-shared/model/release';
import { commands, env, l10n, Uri, window } from 'vscode';
import { failureText } from '../plan/failure-text.ts';
import { releaseText } from '../plan/release-text.ts';
import { logProblem, sentence, showProblem } from '../problems.ts';
import type { LiveServer } from '../servers/connections.ts';
import type { Services } from '../services.ts';
import { receiptWords } from './receipt-words.ts';

/** The release is live: its receipt, and the way to its page. */
export async function tellDeployed(services: Services, live: LiveServer, app: string, version: number): Promise<void> {
  // The last step of the walkthrough is done by it.
  void commands.executeCommand('setContext', 'minicloud.deployed', true);
  // Without its receipt the release is live all the same. The list of apps may not have this one yet.
  const [release, detail] = await Promise.all([
    live.api.releases.get.query({ app, version }).catch(() => undefined),
    live.api.apps.get.query({ name: app }).catch(() => undefined),
  ]);
  const url = detail?.urls[0]?.url;
  const told = [l10n.t('{0}: release {1} is live.', app, version)];
  if (release?.receipt) told.push(receiptWords(release.receipt, l10n.t));
  const [open, receipt] = [l10n.t('Open in Browser'), l10n.t('Show Receipt')];
  const chosen = await window.showInformationMessage(
    told.join(' '),
    ...(url ? [open] : []),
    ...(release?.receipt ? [receipt] : []),
  );
  if (chosen === open && url) await env.openExternal(Uri.parse(url, true));
  if (chosen === receipt && release) {
    const title = l10n.t('{0} release {1}', app, version);
    await services.documents.show('release', live.server.id, title, releaseText(release, l10n.t), 'cloud-plan');
  }
}

/**
 * Tells how an operation that didn't succeed ended: the page of the step that failed, and what can be done. `retry`
 * makes a new plan and deploys that; *Roll Back* is offered when a release can be gone back to.
 */
export async function tellUnsuccessful(
  services: Services,
  live: LiveServer,
  operation: Operation,
  retry?: () => Promise<void>,
): Promise<void> {
  const { app, problem, state } = operation;
  if (state === 'cancelled') {
    if (problem) logProblem(services.output, problem);
    const told = [l10n.t('{0}: cancelled.', app), problem?.still].filter(Boolean).join(' ');
    void window.showInformationMessage(told);
    return;
  }
  if (!problem) return;
  logProblem(services.output, problem);
  const title = l10n.t('{0} failed', app);
  await services.documents.show(
    'failure',
    live.server.id,
    title,
    failureText(operation, problem, l10n.t),
    'cloud-plan',
  );
  if (!retry) {
    await showProblem(services.output, problem);
    return;
  }
  const again = l10n.t('Retry');
  const back = l10n.t('Roll Back…');
  const summary = live.connection.snapshot.apps?.find(({ name }) => name === app);
  const backs = summary !== undefined && (await canRollBack(live, app)) ? [back] : [];
  const chosen = await window.showErrorMessage(sentence(problem), again, ...backs);
  if (chosen === again) await retry();
  if (chosen === back && summary) await commands.executeCommand('minicloud.rollBackApp', { live, app: summary });
}

async function canRollBack({ api, connection }: LiveServer, app: string): Promise<boolean> {
  if (connection.snapshot.info?.features.includes('rollback-plans') === false) return false;
  const releases = await api.releases.list.query({ app }).catch(() => []);
  return releases.some(({ state }) => releaseCan[state]?.rollbackTo);
}
