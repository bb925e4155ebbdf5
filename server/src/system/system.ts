/** What this server is, what it can do, and how it is. */

import { toProblem } from 'minicloud-shared/model/problem';
import { features, type SystemInfo, type SystemStatus } from 'minicloud-shared/model/system';
import { everyApp } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { firewallFailure, verifyFirewall } from '../services/firewall.ts';

export const apiVersion = 1;
const askWithinMs = 5000;

export async function systemInfo(cloud: Cloud): Promise<SystemInfo> {
  const engine = await cloud.engine.info({ signal: AbortSignal.timeout(askWithinMs) }).catch(() => undefined);
  return {
    version: cloud.version,
    apiVersion,
    features: offeredFeatures(cloud),
    installation: cloud.installation,
    serverDomain: cloud.config.serverDomain,
    engine: engine
      ? { kind: engine.kind, version: engine.version, os: engine.os, arch: engine.arch }
      : { kind: cloud.config.engine, version: 'does not answer', os: '', arch: '' },
    proxy: { httpPort: cloud.proxy.httpPort, httpsPort: cloud.proxy.httpsPort },
  };
}

/** What can be done here: without a firewall nobody is kept from the internet, nor let out one by one. */
export function offeredFeatures({ config }: Pick<Cloud, 'config'>): string[] {
  return features.filter((feature) => feature !== 'internet' || config.firewall !== 'off');
}

type Component = SystemStatus['components'][number];

/** Every part asked now, side by side, each with its own deadline. */
export async function systemStatus(cloud: Cloud): Promise<SystemStatus> {
  const ask = async (
    name: Component['name'],
    question: (signal: AbortSignal) => Promise<Omit<Component, 'name'>>,
  ): Promise<Component> => {
    try {
      return { name, ...(await question(AbortSignal.timeout(askWithinMs))) };
    } catch (error) {
      return { name, state: 'down', detail: toProblem(error).why };
    }
  };
  const components = await Promise.all([
    ask('engine', async (signal) => {
      const info = await cloud.engine.info({ signal });
      return { state: 'ok', detail: `${info.kind} ${info.version}` };
    }),
    ask('proxy', async (signal) => {
      const status = await cloud.proxy.status({ signal });
      const state = !status.running ? 'down' : status.warnings.length > 0 ? 'degraded' : 'ok';
      return {
        state,
        detail:
          status.warnings[0] ??
          (status.running ? `${status.routes} routes, ${status.certificates} certificates` : status.detail),
      };
    }),
    ask('database', async () => {
      const broken = await cloud.events.verify();
      return broken === undefined
        ? { state: 'ok', detail: 'SQLite, event log whole' }
        : { state: 'degraded', detail: `event ${broken} does not follow from the one before` };
    }),
    ask('firewall', async (signal) => {
      if (cloud.config.firewall === 'off') return { state: 'off', detail: 'switched off by --firewall off' };
      const { ok, detail } = await verifyFirewall(cloud, signal);
      const failure = firewallFailure(cloud);
      if (failure) return { state: 'down', detail: `nothing is deployed until its rules can be set: ${failure.why}` };
      return ok ? { state: 'ok', detail } : { state: 'degraded', detail: `${detail}; it is put back within a minute` };
    }),
    ask('mariadb', (signal) => cloud.backings.mariadb.status({ signal })),
  ]);
  return {
    ok: components.every((component) => component.state === 'ok' || component.state === 'off'),
    components,
    apps: (await everyApp(cloud)).length,
    uptimeSeconds: Math.round(process.uptime()),
    memoryBytes: process.memoryUsage.rss(),
  };
}
