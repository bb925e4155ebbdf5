import { randomUUID } from 'node:crypto';
import type { Plan } from 'minicloud-shared/model/plan';
import { type Release, releaseCan } from 'minicloud-shared/model/release';
import { l10n, window } from 'vscode';
import { followOperation } from '../deploy/follow-operation.ts';
import { tellUnsuccessful } from '../deploy/tell-result.ts';
import { lossText, rollBackText } from '../plan/consent-text.ts';
import type { Services } from '../services.ts';
import { ReleaseNode } from '../tree/release-node.ts';
import { type PickedApp, pickApp, requireFeature } from './pick.ts';

/** Makes an earlier release serve again, as a new release. */
export async function rollBackApp(services: Services, argument: unknown): Promise<void> {
  const picked = await pickApp(services, argument, l10n.t('Roll back which app?'));
  if (!picked) return;
  requireFeature(picked.live, 'rollback-plans', l10n.t('Rolling back'));
  const target = argument instanceof ReleaseNode ? argument.release : await pickRelease(picked);
  if (!target) return;
  const { live, app } = picked;
  const plan = await live.api.releases.planRollback.mutate({ app: app.name, version: target.version });
  if (!(await confirm(picked, target, plan))) return;
  const started = await live.api.releases.rollback.mutate({
    app: app.name,
    version: target.version,
    planHash: plan.hash,
    idempotencyKey: randomUUID(),
  });
  const operation = await followOperation(
    services,
    live,
    started.operationId,
    l10n.t('Rolling {0} back to release {1}', app.name, target.version),
    plan.steps.length,
  );
  if (operation?.state === 'succeeded')
    void window.showInformationMessage(
      l10n.t('{0}: release {1} serves what release {2} was.', app.name, started.release, target.version),
    );
  else if (operation) void tellUnsuccessful(services, live, operation, () => rollBackApp(services, argument));
}

async function pickRelease({ live, app }: PickedApp): Promise<Release | undefined> {
  const releases = (await live.api.releases.list.query({ app: app.name })).filter(
    ({ state }) => releaseCan[state]?.rollbackTo,
  );
  if (releases.length === 0) {
    void window.showInformationMessage(l10n.t('{0} has no earlier release to go back to.', app.name));
    return undefined;
  }
  const items = releases.map((release) => ({
    label: l10n.t('Release {0}', release.version),
    description: release.image,
    detail: new Date(release.createdAt).toLocaleString(),
    release,
  }));
  return (await window.showQuickPick(items, { placeHolder: l10n.t('Back to which release of {0}?', app.name) }))
    ?.release;
}

async function confirm({ app, live }: PickedApp, release: Release, plan: Plan): Promise<boolean> {
  const rollBack = lossText(plan, l10n.t) ? l10n.t('Roll Back and Lose This Data') : l10n.t('Roll Back');
  const chosen = await window.showWarningMessage(
    l10n.t('Roll {0} back to release {1}?', app.name, release.version),
    { modal: true, detail: rollBackText(plan, release, live.server.name, l10n.t) },
    rollBack,
  );
  return chosen === rollBack;
}
