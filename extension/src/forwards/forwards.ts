/** Ports of this machine that lead into apps, until they are stopped or the editor goes. */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { describeError } from 'minicloud-shared/client/describe-error';
import type { ForwardTarget } from 'minicloud-shared/model/forward';
import type { Ticket } from 'minicloud-shared/model/socket';
import type { WebSocket } from 'ws';
import { createSignal } from '../signal.ts';
import { join } from './join.ts';
import { openLocalPort } from './local-port.ts';

export interface ForwardTo {
  serverId: string;
  app: string;
  /** Process, support container or service. */
  target: string;
  targetPort: number;
  /** Where it is reached once forwarded; `{port}` stands for the local port. */
  urlTemplate?: string | undefined;
  /** For services: the variable that holds the app's URL. */
  env?: string | undefined;
}

export interface Forward extends ForwardTo {
  readonly id: string;
  readonly port: number;
  /** `127.0.0.1:5432`. */
  readonly address: string;
  /** For what a browser speaks. */
  readonly url?: string | undefined;
  /** Connections that are open now. */
  readonly open: number;
  /** Why the last connection failed; gone with the next one that stands. */
  readonly problem?: string | undefined;
}

/** Two databases on one server are two targets: the variable, and the password in it, tell them apart. */
export function leadsTo(
  forward: Pick<Forward, 'target' | 'targetPort' | 'env'>,
  { target, env }: Pick<ForwardTarget, 'target' | 'env'>,
  port: number,
): boolean {
  return forward.target === target && forward.targetPort === port && forward.env === env;
}

/** How a forward reaches its server: a ticket and a socket for each connection. */
export interface ForwardLink {
  ticket(): Promise<Ticket>;
  socket(ticket: Ticket): Promise<WebSocket>;
}

export interface Forwards {
  onDidChange(listener: () => void): { dispose(): void };
  all(): readonly Forward[];
  of(serverId: string, app: string): readonly Forward[];
  /** Listens at `wanted` or the next free port. */
  start(to: ForwardTo, wanted: number, link: ForwardLink): Promise<Forward>;
  stop(id: string): void;
  dispose(): void;
}

interface Running {
  forward: Forward;
  close(): void;
}

export function createForwards(): Forwards {
  const changed = createSignal<void>();
  const running = new Map<string, Running>();
  const update = (id: string, change: Partial<Pick<Forward, 'open' | 'problem'>>): void => {
    const entry = running.get(id);
    if (!entry) return;
    entry.forward = { ...entry.forward, ...change };
    changed.fire();
  };
  const openOf = (id: string): number => running.get(id)?.forward.open ?? 0;

  async function connect(id: string, local: Socket, link: ForwardLink): Promise<void> {
    update(id, { open: openOf(id) + 1 });
    local.on('close', () => update(id, { open: openOf(id) - 1 }));
    try {
      const ticket = await link.ticket();
      if (local.destroyed) return;
      const remote = await link.socket(ticket);
      remote.on('error', (error) => update(id, { problem: describeError(error).why }));
      remote.on('open', () => update(id, { problem: undefined }));
      join(local, remote, ({ what, why }) => update(id, { problem: `${what}: ${why}` }));
    } catch (error) {
      local.resetAndDestroy();
      update(id, { problem: describeError(error).why });
    }
  }

  return {
    onDidChange: (listener) => ({ dispose: changed.on(listener) }),
    all: () => [...running.values()].map(({ forward }) => forward),
    of: (serverId, app) =>
      [...running.values()]
        .map(({ forward }) => forward)
        .filter((forward) => forward.serverId === serverId && forward.app === app),
    async start(to, wanted, link) {
      const id = randomUUID();
      const { port, close } = await openLocalPort(wanted, (local) => void connect(id, local, link));
      const address = `127.0.0.1:${port}`;
      const told = to.urlTemplate?.replaceAll('{port}', String(port));
      const url = told && /^https?:\/\//.test(told) ? told : undefined;
      const forward: Forward = { ...to, id, port, address, url, open: 0 };
      running.set(id, { forward, close });
      changed.fire();
      return forward;
    },
    stop(id) {
      running.get(id)?.close();
      if (running.delete(id)) changed.fire();
    },
    dispose() {
      for (const { close } of running.values()) close();
      running.clear();
    },
  };
}
