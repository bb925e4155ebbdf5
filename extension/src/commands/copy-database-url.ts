import { env, l10n, window } from 'vscode';
import type { Forward } from '../forwards/forwards.ts';
import { serviceTarget } from '../forwards/pick-target.ts';
import { startForward } from '../forwards/start-forward.ts';
import type { Services } from '../services.ts';
import { pickApp, requireFeature } from './pick.ts';

/**
 * Puts the URL of an app's service on the clipboard, for a program of this machine: through a forward, which is opened
 * when there is none. It holds a password, so it is asked for first, and it is written nowhere else.
 */
export async function copyDatabaseUrl(services: Services, argument: unknown): Promise<void> {
  const found = forwardOf(argument) ?? (await openForward(services, argument));
  if (!found) return;
  const live = services.connections.get(found.serverId);
  if (!live || !found.env) return;
  const copy = l10n.t('Copy');
  const detail = l10n.t(
    'It holds the password of {0}, and works at {1} until the forward is stopped. Every program of this machine can read the clipboard. That it was given to you is in the event log of {2}.',
    found.app,
    found.address,
    live.server.name,
  );
  const question = l10n.t('Copy {0} of {1}?', found.env, found.app);
  if ((await window.showWarningMessage(question, { modal: true, detail }, copy)) !== copy) return;
  const { url } = await live.api.forwards.credentials.mutate({
    app: found.app,
    env: found.env,
    localPort: found.port,
  });
  await env.clipboard.writeText(url);
  window.setStatusBarMessage(l10n.t('{0} is on the clipboard', found.env), 5_000);
}

function forwardOf(argument: unknown): Forward | undefined {
  if (typeof argument !== 'object' || argument === null || !('forward' in argument)) return undefined;
  return argument.forward as Forward;
}

async function openForward(services: Services, argument: unknown): Promise<Forward | undefined> {
  const picked = await pickApp(services, argument, l10n.t('Copy the database URL of which app?'));
  if (!picked) return undefined;
  requireFeature(picked.live, 'forward', l10n.t('Port forwarding'));
  const target = await serviceTarget(picked, argument, services.forwards);
  return target && startForward(services.forwards, picked, target);
}
