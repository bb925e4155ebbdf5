import type { Diagnostic } from 'minicloud-shared/manifest/model';
import type { Plan } from 'minicloud-shared/model/plan';
import { commands, l10n, Range, window, workspace } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import type { Services } from '../services.ts';
import type { ManifestSource } from './manifest-source.ts';

/** A plan and everything that was asked to get it, so that exactly this is deployed and nothing else. */
export interface RequestedPlan {
  plan: Plan;
  live: LiveServer;
  source: ManifestSource;
  image?: string;
  /** The id of the proposal that it is, when somebody else made it. */
  proposal?: string;
}

/** Where the manifest goes and with which image, found out before anything is asked of the server. */
export interface PlanRequest {
  live: LiveServer;
  source: ManifestSource;
  image?: string;
}

/** Finds the server and, when the manifest names none, the image. Undefined when the person stopped. */
export async function preparePlan(services: Services, source: ManifestSource): Promise<PlanRequest | undefined> {
  if (services.connections.all().length === 0) {
    const add = l10n.t('Add Server…');
    if (
      (await window.showInformationMessage(l10n.t('Add a server first: it is where apps are deployed to.'), add)) ===
      add
    ) {
      await commands.executeCommand('minicloud.addServer');
    }
    if (services.connections.all().length === 0) return undefined;
  }
  const live = await services.targets.resolve(source.uri);
  if (!live) return undefined;
  const summary = await services.language.summary(source.uri);
  if (!summary || summary.hasImage || summary.forward || summary.errors > 0) return { live, source };
  const image = await askImage(live, summary.name);
  return image === undefined ? undefined : { live, source, image };
}

/** Asks the server what would happen. Errors of the manifest are shown where they are; undefined then. */
export async function requestPlan(
  services: Services,
  request: PlanRequest,
  onDiagnostics?: (found: readonly Diagnostic[]) => void,
): Promise<RequestedPlan | undefined> {
  const { live, source, image } = request;
  const answer = await live.api.plans.create.mutate({
    manifest: source.text,
    fileName: source.fileName,
    ...(image ? { image } : {}),
  });
  services.language.showServerDiagnostics(source.uri, answer.diagnostics);
  onDiagnostics?.(answer.diagnostics);
  if (answer.plan) {
    const requested = { plan: answer.plan, ...request };
    services.drift.learn(requested);
    return requested;
  }
  // Not awaited: the asking is over, whether or not the person reads the message.
  void showManifestErrors(source, answer.diagnostics);
  return undefined;
}

async function showManifestErrors(source: ManifestSource, diagnostics: readonly Diagnostic[]): Promise<void> {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  const message =
    errors.length === 1 && first
      ? l10n.t('{0}: {1} Nothing was changed.', workspace.asRelativePath(source.uri), first.message)
      : l10n.t('{0} has {1} errors. Nothing was changed.', workspace.asRelativePath(source.uri), errors.length);
  const show = l10n.t('Show Problems');
  if ((await window.showErrorMessage(message, show)) !== show) return;
  // At the place itself, too: what a person has told to be a hint stands on no list.
  const { start } = first?.range ?? {};
  const selection = start && new Range(start.line, start.character, start.line, start.character);
  await window.showTextDocument(source.uri, selection ? { selection } : {});
  await commands.executeCommand('workbench.actions.view.problems');
}

/** The manifest leaves the image to the deploy. The one that serves now is the obvious answer. */
async function askImage(live: LiveServer, app: string | undefined): Promise<string | undefined> {
  const present = live.connection.snapshot.apps?.find(({ name }) => name === app)?.image;
  const image = await window.showInputBox({
    title: l10n.t('Image of {0}', app ?? l10n.t('the app')),
    prompt: l10n.t('The manifest names no image and no build. Which image should run?'),
    placeHolder: 'docker.io/library/nginx:1.29',
    value: present,
    ignoreFocusOut: true,
    validateInput: (value) =>
      /^\S+$/.test(value.trim())
        ? undefined
        : l10n.t('An image reference has no spaces, such as docker.io/me/shop:1.2.'),
  });
  return image?.trim();
}
