import { type Disposable, l10n, window } from 'vscode';
import type { Connections } from '../servers/connections.ts';
import { createHolds } from '../servers/holds.ts';
import { overtaken } from './overtaken.ts';
import type { PlanDocuments, ShownPlan } from './plan-documents.ts';

/**
 * A plan that is open says so when its app has moved on since it was made: the server would refuse it. While one is
 * seen its server is connected and tells of that.
 */
export function followServers(connections: Connections, plans: PlanDocuments): Disposable {
  const holds = createHolds();
  /** Plans whose app was seen on the server: one that is not there any more was deleted since. */
  const seen = new WeakSet<ShownPlan>();
  /** What was known of config vars and secrets when a plan was first looked at. */
  const configs = new WeakMap<ShownPlan, number | undefined>();

  const look = (): void => {
    for (const shown of plans.all()) {
      if (shown.outdated !== undefined || shown.applied) continue;
      const { snapshot } = shown.live.connection;
      if (!configs.has(shown)) configs.set(shown, snapshot.configs?.get(shown.plan.app));
      const there = snapshot.apps?.some(({ name }) => name === shown.plan.app);
      if (there) seen.add(shown);
      if (overtaken(shown.plan, snapshot, configs.get(shown)) || (there === false && seen.has(shown)))
        plans.outdate(shown, l10n.t('The server has changed since this plan was made.'));
    }
  };
  const hold = (): void => {
    const visible = window.visibleTextEditors.flatMap(({ document }) => plans.get(document.uri) ?? []);
    holds.keep(new Set(visible.map(({ live }) => live.connection)));
  };

  const subscriptions = [
    connections.onDidChange(look),
    plans.onDidChange(() => {
      hold();
      look();
    }),
    window.onDidChangeVisibleTextEditors(hold),
  ];
  return {
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
      holds.keep(new Set());
    },
  };
}
