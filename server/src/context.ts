/** What use cases are given: every port and platform part, made once by `cloud.ts`. */

import type { Healthcheck } from 'minicloud-shared/manifest/model';
import type { Backing } from './adapters/backing/contract.ts';
import type { Engine } from './adapters/engine/contract.ts';
import type { Firewall } from './adapters/firewall/contract.ts';
import type { Proxy as ProxyPort } from './adapters/proxy/contract.ts';
import type { Authority } from './certificates/authority.ts';
import type { Config } from './config.ts';
import type { Clock } from './platform/clock.ts';
import type { Events } from './platform/events.ts';
import type { Log, Redactor } from './platform/log.ts';
import type { Operations } from './platform/operations.ts';
import type { Sealer } from './platform/sealer.ts';
import type { Db } from './schema.ts';

export interface Cloud {
  readonly config: Config;
  /** Random id of this installation; the label on everything it owns. */
  readonly installation: string;
  readonly version: string;
  readonly clock: Clock;
  readonly db: Db;
  readonly sealer: Sealer;
  readonly redactor: Redactor;
  readonly log: Log;
  readonly events: Events;
  readonly operations: Operations;
  readonly engine: Engine;
  readonly proxy: ProxyPort;
  readonly firewall: Firewall;
  /** Backing servers by the `needs` they serve. */
  readonly backings: { mariadb: Backing };
  readonly authority: Authority;
  readonly health: HealthPort;
  /** Ends when the companion stops. */
  readonly stopping: AbortSignal;
}

/** How replicas are asked whether they are ready; the in-memory double answers for containers that are only data. */
export interface HealthPort {
  ask(address: string, check: Healthcheck, signal: AbortSignal): Promise<{ ok: boolean; answer: string }>;
  /** Without a health check a replica is ready when it has stayed up this long, milliseconds. */
  steadyMs: number;
}

/** Who asks. `system` is the companion itself. */
export interface Principal {
  name: string;
  scope: 'read' | 'deploy' | 'manage' | 'admin';
  /** Apps it is limited to; undefined means all. */
  apps?: string[];
  /** Until when, milliseconds since the epoch; undefined means for good. */
  expiresAt?: number;
  /** The token that proves it; the companion itself has none. */
  token?: { id: string; createdAt: number };
}
export const systemPrincipal: Principal = { name: 'system', scope: 'admin' };
