/** The companion: opens the cloud, takes up what was interrupted, serves the API, keeps converging, until stopped. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ProblemError, toProblem } from 'minicloud-shared/model/problem';
import { localUrl } from './api/hosts.ts';
import { createApiServer } from './api/server.ts';
import { everyApp } from './apps/apps.ts';
import { type CloudParts, type OpenCloud, openCloud } from './cloud.ts';
import type { Config } from './config.ts';
import { redactConfigs } from './configs/configs.ts';
import type { Cloud } from './context.ts';
import { keepConverging } from './deploy/converge.ts';
import { recover } from './deploy/recover.ts';
import { finishRotation } from './keys/keys.ts';
import { keepMeasuring } from './metrics/metrics.ts';
import { unlessAborted } from './platform/wait.ts';
import { holdFirewall, keepFirewall, releaseFirewall } from './services/firewall.ts';
import { redactBindings, renewServices } from './services/services.ts';
import { endForgottenTerminals } from './terminals/terminals.ts';
import { keepSweeping } from './trash/trash.ts';

export interface Companion {
  cloud: Cloud;
  apiUrl: string;
  /** Stops the API and the watching; apps and proxy go on serving. */
  stop(): Promise<void>;
}

/**
 * Starts everything; answers when the data plane is up, every app was looked at once, and what was interrupted is settled
 * or under way again as an operation. The API listens before anything is waited for. Aborted meanwhile it stops in order, and
 * throws the signal's reason.
 */
export async function startCompanion(
  config: Config,
  parts: CloudParts,
  signal: AbortSignal = new AbortController().signal,
): Promise<Companion> {
  const open = await openCloud(config, parts);
  const { cloud } = open;
  let api: FastifyInstance | undefined;
  const watching: (() => void)[] = [];
  try {
    signal.throwIfAborted();
    await redactBindings(cloud).catch((error) =>
      cloud.log.error('stored passwords could not be read', { why: toProblem(error).why }),
    );
    // Nothing has asked it for a value yet, and log lines may come from now on.
    await redactConfigs(cloud, await everyApp(cloud));
    await finishRotation(cloud).catch((error) =>
      cloud.log.error('a change of the key could not be finished', { why: toProblem(error).why }),
    );
    api = await createApiServer(cloud);
    await portIsFree(config);
    await unlessAborted(signal, bringUp(cloud, signal));
    // What was interrupted is settled or has its turn before anybody can ask for more.
    await recover(cloud);
    await listen(api, config);
    // A server that takes long to come up keeps nobody waiting who wants something else.
    void renewServices(cloud);
    const converging = keepConverging(cloud);
    watching.push(converging.stop);
    // The API takes deploys by now.
    await unlessAborted(signal, converging.first);
    watching.push(keepFirewall(cloud), keepMeasuring(cloud), keepSweeping(cloud));
    const apiUrl = localUrl(config.apiHost, (api.server.address() as { port: number }).port);
    cloud.log.info('serving', { api: apiUrl, engine: config.engine, home: config.home });
    return { cloud, apiUrl, stop: () => stop(open, api, watching) };
  } catch (error) {
    if (signal.aborted) cloud.log.info('stopping before all was started; apps keep serving');
    await stop(open, api, watching);
    throw error;
  }
}

const startMs = 10 * 60_000;

/** The data plane. */
async function bringUp(cloud: Cloud, stopped: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(startMs)]);
  await holdFirewall(cloud, signal);
  await releaseFirewall(cloud, signal);
  await cloud.proxy.ensure({ signal });
  await endForgottenTerminals(cloud);
}

async function stop(open: OpenCloud, api: FastifyInstance | undefined, watching: (() => void)[]): Promise<void> {
  for (const end of watching) end();
  await api?.close();
  await open.close();
}

/** Tried before anything is started: a companion that can't be asked must not leave a proxy behind. */
async function portIsFree(config: Config): Promise<void> {
  const server = createServer();
  await told(config, async () => {
    server.listen(config.apiPort, config.apiHost);
    await once(server, 'listening');
  });
  server.close();
  await once(server, 'close');
}

async function listen(api: FastifyInstance, config: Config): Promise<void> {
  await told(config, () => api.listen({ host: config.apiHost, port: config.apiPort }));
}

/** A port that can't be had, as a problem that names it. */
async function told(config: Config, attempt: () => Promise<unknown>): Promise<void> {
  try {
    await attempt();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw cause;
    throw new ProblemError(
      {
        code: 'port_taken',
        what: 'The API can not listen',
        object: `port ${config.apiPort} on ${config.apiHost}`,
        why: code === 'EACCES' ? 'Ports under 1024 need root.' : 'Another program listens there.',
        still: 'Nothing was started or stopped.',
        remedy: 'Stop the other program, or choose another port with --api-port.',
      },
      { cause },
    );
  }
}
