import { randomUUID } from 'node:crypto';
import { commands, type Disposable, EventEmitter, l10n, languages, Uri, window, workspace } from 'vscode';
import type { RequestedPlan } from '../deploy/request-plan.ts';
import { decoratePlans } from './decorations.ts';
import { type PlanText, planText } from './plan-text.ts';

export const planScheme = 'minicloud-plan';

export interface ShownPlan extends RequestedPlan {
  idempotencyKey: string;
  page: PlanText;
}

/** Plans in read-only editors, one for each app and server; they follow their manifest while they are open. */
export interface PlanDocuments extends Disposable {
  show(requested: RequestedPlan): Promise<Uri>;
  /** Puts a newer plan in the place of the one shown, without moving the focus. */
  replace(requested: RequestedPlan): void;
  get(uri: Uri): ShownPlan | undefined;
  /** Plans that are open for a manifest. */
  of(manifest: Uri): ShownPlan[];
  close(uri: Uri): Promise<void>;
  active(): Uri | undefined;
}

export function createPlanDocuments(): PlanDocuments {
  const shown = new Map<string, ShownPlan>();
  const changed = new EventEmitter<Uri>();
  const get = (uri: Uri): ShownPlan | undefined => shown.get(uri.toString());
  const active = (): Uri | undefined => {
    const uri = window.activeTextEditor?.document.uri;
    return uri?.scheme === planScheme ? uri : undefined;
  };
  const tellContext = (): void => {
    const uri = active();
    void commands.executeCommand('setContext', 'minicloud.planReady', uri !== undefined && get(uri) !== undefined);
  };
  const replace = (requested: RequestedPlan): Uri => {
    const uri = uriOf(requested);
    const page = planText(requested.plan, requested.live.server.name, l10n.t);
    shown.set(uri.toString(), { ...requested, idempotencyKey: randomUUID(), page });
    changed.fire(uri);
    tellContext();
    return uri;
  };
  const subscriptions = [
    workspace.registerTextDocumentContentProvider(planScheme, {
      onDidChange: changed.event,
      provideTextDocumentContent: (uri) =>
        get(uri)?.page.text ?? l10n.t('This plan was discarded. Make a new one with “Minicloud: Plan Manifest”.'),
    }),
    window.onDidChangeActiveTextEditor(tellContext),
    window.tabGroups.onDidChangeTabs(({ closed }) => {
      for (const tab of closed) {
        const uri = uriOfTab(tab.input);
        if (uri) shown.delete(uri.toString());
      }
      tellContext();
    }),
    decoratePlans(get),
    changed,
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
    get,
    of: (manifest) => [...shown.values()].filter(({ source }) => source.uri.toString() === manifest.toString()),
    async close(uri) {
      shown.delete(uri.toString());
      const tabs = window.tabGroups.all.flatMap(({ tabs }) => tabs);
      await window.tabGroups.close(tabs.filter(({ input }) => uriOfTab(input)?.toString() === uri.toString()));
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

function uriOfTab(input: unknown): Uri | undefined {
  const uri = typeof input === 'object' && input !== null && 'uri' in input ? input.uri : undefined;
  return uri instanceof Uri && uri.scheme === planScheme ? uri : undefined;
}
