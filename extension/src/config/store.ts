/** Sends what was decided, and follows the deploy that comes of it. Values go to the server and nowhere else. */
import { randomUUID } from 'node:crypto';
import type { ConfigKind } from 'minicloud-shared/model/config';
import { commands, l10n, window } from 'vscode';
import type { ConfigTools } from './load-config.ts';
import { serves, type Target } from './target.ts';
import { names } from './words.ts';

export interface Change {
  set: { name: string; value: string; kind: ConfigKind }[];
  unset: string[];
  /** What the person looked at: what somebody else changed meanwhile is not overwritten. */
  expectVersion?: number;
}

/** Whether it is deployed at once. Undefined when the person stopped. Where nothing runs there is no question. */
export async function askDeploy(target: Target, title: string): Promise<boolean | undefined> {
  if (!serves(target)) return true;
  const now = {
    label: `$(rocket) ${l10n.t('Set and Deploy')}`,
    detail: l10n.t('Makes a release with the same image. It serves once it is healthy.'),
  };
  const later = {
    label: `$(save) ${l10n.t('Only Store')}`,
    detail: l10n.t('What runs keeps what it has; the next deploy takes it.'),
  };
  const chosen = await window.showQuickPick([now, later], { title, ignoreFocusOut: true });
  return chosen && chosen === now;
}

/** Stores the change and, when `deploy` says so, watches its deploy to the end. Throws when the server refused it. */
export async function store(tools: ConfigTools, target: Target, change: Change, deploy: boolean): Promise<void> {
  const { live, app, summary } = target;
  const result = await live.api.config.set.mutate({
    ...{ app, ...change, deploy, create: summary === undefined },
    idempotencyKey: randomUUID(),
  });
  if (result.operation === undefined) {
    void tellStored(target, change, deploy, result.changed);
    return;
  }
  const { services } = tools;
  const changed = names([...change.set.map(({ name }) => name), ...change.unset], l10n.t);
  const operation = await tools.followOperation(
    services,
    live,
    result.operation,
    l10n.t('Deploying {0} with new config: {1}', app, changed),
  );
  // Not awaited: the deploy is over, whether or not the person reads the message.
  if (operation?.state === 'succeeded' && operation.release !== undefined)
    void tools.tellDeployed(services, live, app, operation.release);
  else if (operation)
    tools
      .tellUnsuccessful(services, live, operation, () => store(tools, target, change, deploy))
      .catch((error: unknown) => tools.showError(services.output, error, live.server.name));
}

/**
 * As `store`, for a person who has nothing else to go back to: what can't be deployed now may be stored at least, without
 * typing its value again.
 */
export async function storeOrOffer(tools: ConfigTools, target: Target, change: Change, deploy: boolean): Promise<void> {
  try {
    await store(tools, target, change, deploy);
  } catch (error) {
    const problem = tools.describeError(error, target.live.server.name);
    if (!deploy || !serves(target) || (problem.code !== 'conflict' && problem.code !== 'busy')) throw error;
    const only = l10n.t('Only Store');
    if ((await window.showErrorMessage(tools.sentence(problem), only)) === only)
      await store(tools, target, change, false);
  }
}

async function tellStored(target: Target, { set, unset }: Change, deploy: boolean, changed: string[]): Promise<void> {
  const { app, live, manifest } = target;
  const server = live.server.name;
  if (changed.length === 0) {
    void window.showInformationMessage(l10n.t('{0} on {1} has all of it already. Nothing was changed.', app, server));
    return;
  }
  const what = [
    set.length > 0 &&
      l10n.t(
        '{0} of {1} is set on {2}.',
        names(
          set.map(({ name }) => name),
          l10n.t,
        ),
        app,
        server,
      ),
    unset.length > 0 && l10n.t('{0} of {1} is unset on {2}.', names(unset, l10n.t), app, server),
    !serves(target)
      ? l10n.t('The app gets it with its first deploy.')
      : deploy
        ? l10n.t('What runs has no use for it: a secret is for apps whose manifest lists it under secrets.')
        : l10n.t('What runs keeps what it has until the next deploy.'),
  ];
  const button = l10n.t('Deploy Manifest');
  const chosen = await window.showInformationMessage(what.filter(Boolean).join(' '), ...(manifest ? [button] : []));
  if (chosen === button) await commands.executeCommand('minicloud.deployManifest', manifest);
}
