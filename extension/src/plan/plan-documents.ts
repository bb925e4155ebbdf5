import { randomUUID } from 'node:crypto';
import { commands, type Disposable, type Event, EventEmitter, l10n, languages, Uri, window, workspace } from 'vscode';
import type { RequestedPlan } from '../deploy/request-plan.ts';
import { gone, tabsOf } from '../tabs.ts';
import { decoratePlans } from './decorations.ts';
import { type PlanText, planText } from './plan-text.ts';

export const planScheme = 'minicloud-plan';

export interface ShownPlan extends RequestedPlan {
  idempotencyKey: string;
  page: PlanText;
  /** Why it is not deployed any more: the manifest says something else by now, or the server runs something else. */
  outdated?: string;
  /** True while it is being deployed: what changes on the server meanwhile is its own doing. */
  applied?: boolean;
}

/** Plans in read-only editors, one for each app and server; they follow their manifest while they are open. */
export interface PlanDocuments extends Disposable {
  show(requested: RequestedPlan): Promise<Uri>;
  /** Puts a newer plan in the place of the one shown, without moving the focus. */
  replace(requested: RequestedPlan): void;
  /** Keeps the plan to be read, with the reason why it is not deployed, until it is replaced. */
  outdate(plan: ShownPlan, why: string): void;
  /** Does what deploys the plan, which is not outdated by that. */
  whileApplied<Result>(plan: ShownPlan, act: () => Promise<Result>): Promise<Result>;
  /** Told of every plan that is shown, replaced, outdated or done with. */
  readonly onDidChange: Event<Uri>;
  get(uri: Uri): ShownPlan | undefined;
  all(): ShownPlan[];
  /** Plans that are open for a manifest. */
  of(manifest: Uri): ShownPlan[];
  close(uri: Uri): Promise<void>;
  active(): Uri | undefined;
}

export function createPlanDocuments(): PlanDocuments {
  const shown = new Map<string, ShownPlan>();
  /** Texts that are to be shown anew. */
  const changed = new EventEmitter<Uri>();
  const told = new EventEmitter<Uri>();
  const get = (uri: Uri): ShownPlan | undefined => shown.get(uri.toString());
  const active = (): Uri | undefined => {
    const uri = window.activeTextEditor?.document.uri;
    return uri?.scheme === planScheme ? uri : undefined;
  };
  const tellContext = (): void => {
    const uri = active();
    const plan = uri && get(uri);
    const ready = plan !== undefined && plan.outdated === undefined;
    void commands.executeCommand('setContext', 'minicloud.planReady', ready);
  };
  const put = (plan: Omit<ShownPlan, 'page'>): Uri => {
    const uri = uriOf(plan);
    const page = planText(plan.plan, plan.live.server.name, l10n.t, plan.outdated);
    shown.set(uri.toString(), { ...plan, page });
    changed.fire(uri);
    tellContext();
    told.fire(uri);
    return uri;
  };
  const replace = ({ plan, live, source, image, proposal }: RequestedPlan): Uri =>
    put({
      ...{ plan, live, source, idempotencyKey: randomUUID() },
      ...(image === undefined ? {} : { image }),
      ...(proposal === undefined ? {} : { proposal }),
    });
  const subscriptions = [
    workspace.registerTextDocumentContentProvider(planScheme, {
      onDidChange: changed.event,
      provideTextDocumentContent: (uri) =>
        get(uri)?.page.text ?? l10n.t('This plan was discarded. Make a new one with “Minicloud: Plan Manifest”.'),
    }),
    window.onDidChangeActiveTextEditor(tellContext),
    window.tabGroups.onDidChangeTabs(({ closed }) => {
      for (const uri of gone(closed, planScheme)) shown.delete(uri.toString());
      tellContext();
    }),
    decoratePlans(get),
    changed,
    told,
  ];
  return {
    async show(requested) {
      const uri = replace(requested);
      const document = await workspace.openTextDocument(uri);
      await languages.setTextDocumentLanguage(document, 'cloud-plan');
      await window.showTextDocument(document, { preview: false });
      tellContext();
      return uri;
    },
    replace: (requested) => void replace(requested),
    outdate: (plan, why) => void put({ ...plan, outdated: why }),
    async whileApplied(plan, act) {
      plan.applied = true;
      try {
        return await act();
      } finally {
        plan.applied = false;
        told.fire(uriOf(plan));
      }
    },
    onDidChange: told.event,
    get,
    all: () => [...shown.values()],
    of: (manifest) => [...shown.values()].filter(({ source }) => source.uri.toString() === manifest.toString()),
    async close(uri) {
      shown.delete(uri.toString());
      await window.tabGroups.close(tabsOf(uri));
    },
    active,
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}

function uriOf({ plan, live }: RequestedPlan): Uri {
  return Uri.from({ scheme: planScheme, authority: live.server.id, path: `/${l10n.t('Plan of {0}', plan.app)}` });
}
