import { describeError } from 'minicloud-shared/client/describe-error';
import { commands, l10n, Uri, window } from 'vscode';
import { findManifest } from '../deploy/manifest-source.ts';
import type { LiveServer } from '../servers/connections.ts';
import type { Services } from '../services.ts';

/** The manifest that the server runs beside the file, in the editor's own comparison. Called on a manifest or a plan. */
export async function compareWithServer(services: Services, argument: unknown): Promise<void> {
  const { plans, targets, language, documents } = services;
  const planUri = argument instanceof Uri ? argument : plans.active();
  const shown = planUri && plans.get(planUri);
  const uri = shown?.source.uri ?? (await findManifest(argument));
  const live = shown?.live ?? (uri && (await targets.resolve(uri)));
  if (!uri || !live) return;
  const name = shown?.plan.app ?? (await language.summary(uri))?.name;
  const deployed = name === undefined ? undefined : await deployedManifest(live, name);
  if (name === undefined || deployed === undefined) {
    void window.showInformationMessage(
      l10n.t('{0} serves no release of this app yet, so there is nothing to compare with.', live.server.name),
    );
    return;
  }
  const title = l10n.t('{0} on {1}', name, live.server.name);
  const extension = deployed.trimStart().startsWith('{') ? 'json' : 'yml';
  const left = documents.put('manifest', live.server.id, l10n.t('{0} as deployed.{1}', name, extension), deployed);
  await commands.executeCommand('vscode.diff', left, uri, l10n.t('{0} ↔ this file', title), { preview: true });
}

/** Undefined when the server has no such app, or none of its releases serves. */
async function deployedManifest({ api }: LiveServer, name: string): Promise<string | undefined> {
  try {
    return (await api.apps.get.query({ name })).manifest;
  } catch (error) {
    if (describeError(error).code === 'not_found') return undefined;
    throw error;
  }
}
