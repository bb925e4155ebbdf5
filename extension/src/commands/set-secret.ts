import { configTools, loadConfig } from '../config/load-config.ts';
import type { Services } from '../services.ts';

/** Gives a secret of an app a value: processes have it where the manifest lists it. It is shown nowhere and never read back. */
export async function setSecret(services: Services, argument: unknown): Promise<void> {
  await (await loadConfig()).setValue({ services, ...configTools }, argument, 'secret');
}
