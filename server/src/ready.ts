/** The facts of a running companion for people and programs on this machine: `ready.json`, mode 0600. */
import { z } from 'zod';
import { createToken, revoke, tokens, verifyToken } from './access/access.ts';
import type { Cloud } from './context.ts';
import { systemPrincipal } from './context.ts';
import { appSummaries } from './overview/overview.ts';
import { readFileIfThere, writeFileAtomic } from './platform/atomic-file.ts';

export const readySchema = z.object({
  apiUrl: z.string(),
  token: z.string(),
  caCertificate: z.string(),
  apps: z.array(z.object({ name: z.string(), urls: z.array(z.string()) })),
});
export type Ready = z.infer<typeof readySchema>;

const tokenName = 'local administrator';

/** Writes the file now and again whenever an app is different. */
export async function keepReady(cloud: Cloud, apiUrl: string, path: string): Promise<void> {
  await writeReady(cloud, apiUrl, path);
  const watch = async () => {
    for await (const event of cloud.events.follow({ signal: cloud.stopping })) {
      if (event.body.kind === 'app.changed' || event.body.kind === 'app.deleted') await writeReady(cloud, apiUrl, path);
    }
  };
  void watch().catch((error) => {
    if (!cloud.stopping.aborted) cloud.log.warn('ready.json is no longer kept', { why: String(error) });
  });
}

/** Writes the file; the administrator token in it is kept over restarts while it is valid. */
export async function writeReady(cloud: Cloud, apiUrl: string, path: string): Promise<Ready> {
  const token = (await keptToken(cloud, path)) ?? (await newToken(cloud));
  const apps = await appSummaries(cloud, () => true);
  const ready: Ready = {
    apiUrl,
    token,
    caCertificate: await cloud.authority.rootPem(),
    apps: apps.map((app) => ({ name: app.name, urls: app.urls.map(({ url }) => url) })),
  };
  await writeFileAtomic(path, `${JSON.stringify(ready, null, 2)}\n`, 0o600);
  return ready;
}

async function keptToken(cloud: Cloud, path: string): Promise<string | undefined> {
  const text = await readFileIfThere(path);
  if (text === undefined) return undefined;
  let parsed: ReturnType<typeof readySchema.safeParse>;
  try {
    parsed = readySchema.safeParse(JSON.parse(text));
  } catch {
    return undefined;
  }
  if (!parsed.success) return undefined;
  cloud.redactor.add(parsed.data.token);
  return (await verifyToken(cloud, parsed.data.token)) ? parsed.data.token : undefined;
}

async function newToken(cloud: Cloud): Promise<string> {
  // The one before can't be known any more; it is of no use to anybody who should have it.
  for (const old of await tokens(cloud, systemPrincipal))
    if (old.name === tokenName) await revoke(cloud, systemPrincipal, old.id);
  return (await createToken(cloud, systemPrincipal, { name: tokenName, scope: 'admin' })).value;
}
