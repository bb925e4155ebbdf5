import type { PickedApp } from '../commands/pick.ts';
import type { Connections } from '../servers/connections.ts';
import { openSocket } from '../servers/open-socket.ts';
import { type Forward, type Forwards, leadsTo } from './forwards.ts';
import type { ChosenTarget } from './pick-target.ts';

/** Opens the local port. When it leads there already, that one is given. */
export async function startForward(
  forwards: Forwards,
  { live, app }: PickedApp,
  { target, targetPort, localPort, urlTemplate }: ChosenTarget,
): Promise<Forward> {
  const same = forwards
    .of(live.server.id, app.name)
    .find((forward) => leadsTo(forward, target, targetPort) && forward.port === localPort);
  if (same) return same;
  const to = { app: app.name, target: target.target, kind: target.kind, port: targetPort };
  return forwards.start(
    { serverId: live.server.id, app: app.name, target: target.target, targetPort, urlTemplate, env: target.env },
    localPort,
    {
      ticket: () => live.api.forwards.open.mutate(to),
      socket: (ticket) => openSocket(live.server, ticket),
    },
  );
}

interface OfServers {
  keepOnly(there: (serverId: string) => boolean): void;
}

/** Ends what leads to a server that is no longer there, and what shows something of it. */
export function endWithServers(
  connections: Connections,
  forwards: Forwards,
  shown: readonly OfServers[],
): { dispose(): void } {
  return connections.onDidChange(() => {
    for (const each of shown) each.keepOnly((serverId) => connections.get(serverId) !== undefined);
    for (const { id, serverId } of forwards.all()) if (!connections.get(serverId)) forwards.stop(id);
  });
}
