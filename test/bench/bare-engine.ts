/** The engine's own API without anything of Minicloud in between: the floor under every deploy. */
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const callMs = 60_000;
const answersWithinMs = 60_000;

/** Shortest pause between two questions to what is being waited for. */
export const pollMs = 4;

export interface BareEngine {
  /** Milliseconds from the call that creates a copy of the container until that copy answers; it is removed again. */
  firstAnswer(container: string, port: number, path: string): Promise<number>;
}

const inspected = z.object({
  Config: z.record(z.string(), z.unknown()),
  HostConfig: z.looseObject({ NetworkMode: z.string() }),
});
const created = z.object({ Id: z.string() });
const started = z.object({
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.object({ IPAddress: z.string() })) }),
});

export function bareEngine(socketPath: string): BareEngine {
  const ask = (method: string, path: string, body?: unknown) => call(socketPath, method, path, body);
  return {
    async firstAnswer(container, port, path) {
      const original = inspected.parse(await ask('GET', `/containers/${container}/json`));
      // Without its labels: what carries them belongs to the companion, which would take a copy away.
      const { Labels: _, Hostname: __, ...config } = original.Config;
      const begin = performance.now();
      const { Id } = created.parse(
        await ask('POST', '/containers/create', { ...config, HostConfig: original.HostConfig }),
      );
      try {
        await ask('POST', `/containers/${Id}/start`);
        const { Networks } = started.parse(await ask('GET', `/containers/${Id}/json`)).NetworkSettings;
        const address = Networks[original.HostConfig.NetworkMode]?.IPAddress ?? '';
        while ((await statusOf(address, port, path)) !== 200) {
          if (performance.now() - begin > answersWithinMs) throw new Error(`${address}:${port} never answered`);
          await sleep(pollMs);
        }
        return performance.now() - begin;
      } finally {
        await ask('DELETE', `/containers/${Id}?force=true`);
      }
    },
  };
}

/** 0 while nothing answers. */
function statusOf(host: string, port: number, path: string): Promise<number> {
  return new Promise((resolve) => {
    const sent = httpRequest({ host, port, path, agent: false, timeout: 1000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(0));
    sent.end();
  });
}

function call(socketPath: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    host: 'engine',
    'content-length': Buffer.byteLength(text),
    ...(text && { 'content-type': 'application/json' }),
  };
  return new Promise((resolve, reject) => {
    const options = { socketPath, method, path, headers, signal: AbortSignal.timeout(callMs) };
    const sent = httpRequest(options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const said = Buffer.concat(chunks).toString('utf8');
        if ((answer.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${answer.statusCode} ${said}`));
        else resolve(said === '' ? undefined : JSON.parse(said));
      });
    });
    sent.on('error', reject);
    sent.end(text);
  });
}
