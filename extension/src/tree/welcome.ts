/** When there is no row that says more than a sentence and a button would: which welcome view is shown instead. */
import { isNoToken } from '../servers/api.ts';
import type { LiveServer } from '../servers/connections.ts';
import type { AppFilter } from './app-filter.ts';

/** `no`: there are rows. The others are the values of `minicloud.empty` in `viewsWelcome`. */
export type Emptiness = 'no' | 'unreachable' | 'rejected' | 'noToken' | 'noApps' | 'filtered';

/** Only when it is the same for every server: otherwise each says it in its own row. */
export function emptiness(
  servers: readonly Pick<LiveServer, 'connection'>[],
  filter: Pick<AppFilter, 'matches'>,
): Emptiness {
  const [first, ...rest] = servers.map((live) => emptinessOf(live, filter));
  return first !== undefined && rest.every((each) => each === first) ? first : 'no';
}

function emptinessOf({ connection }: Pick<LiveServer, 'connection'>, filter: Pick<AppFilter, 'matches'>): Emptiness {
  const { link, snapshot } = connection;
  const apps = snapshot.apps ?? [];
  if (link.state === 'rejected') return isNoToken(link.problem) ? 'noToken' : 'rejected';
  if (link.state === 'unreachable') return apps.length === 0 ? 'unreachable' : 'no';
  if (link.state !== 'online' || snapshot.proposals.length > 0) return 'no';
  if (apps.length === 0) return 'noApps';
  return apps.some((app) => filter.matches(app)) ? 'no' : 'filtered';
}
