import { configTools, loadConfig } from '../config/load-config.ts';
import type { Services } from '../services.ts';

/** Gives a config var of an app a value: every process of the app has it in its environment. */
export async function setConfigVar(services: Services, argument: unknown): Promise<void> {
  await (await loadConfig()).setValue({ services, ...configTools }, argument, 'config');
}
