import { commands, env, l10n, Uri, window } from 'vscode';
import type { Forward } from '../forwards/forwards.ts';
import { pickTarget } from '../forwards/pick-target.ts';
import { startForward } from '../forwards/start-forward.ts';
import type { Services } from '../services.ts';
import { pickApp, requireFeature } from './pick.ts';

/** Makes a port of an app or of its service reachable at 127.0.0.1, until it is stopped or the window closes. */
export async function forwardPort(services: Services, argument: unknown): Promise<void> {
  const picked = await pickApp(services, argument, l10n.t('Forward a port of which app?'));
  if (!picked) return;
  requireFeature(picked.live, 'forward', l10n.t('Port forwarding'));
  const target = await pickTarget(picked, argument, services.forwards);
  if (!target) return;
  const forward = await startForward(services.forwards, picked, target);
  // Not awaited: the port is open, whether or not the person reads the message.
  void tell(services, forward, target.localPort);
}

async function tell({ forwards }: Services, forward: Forward, wanted: number): Promise<void> {
  const { address, app, target, targetPort, port, url, id } = forward;
  const leads = l10n.t('{0} leads to {1}:{2} of {3}.', address, target, targetPort, app);
  const message = port === wanted ? leads : `${l10n.t('Port {0} is taken here.', wanted)} ${leads}`;
  const open = l10n.t('Open in Browser');
  const copy = forward.env ? l10n.t('Copy {0}…', forward.env) : l10n.t('Copy Address');
  const stop = l10n.t('Stop');
  const chosen = await window.showInformationMessage(message, ...(url ? [open] : []), copy, stop);
  if (chosen === open && url) await env.openExternal(Uri.parse(url, true));
  else if (chosen === stop) forwards.stop(id);
  else if (chosen === copy && forward.env) await commands.executeCommand('minicloud.copyDatabaseUrl', { forward });
  else if (chosen === copy) await env.clipboard.writeText(url ?? address);
}
