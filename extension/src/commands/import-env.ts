import { configTools, loadConfig } from '../config/load-config.ts';
import type { Services } from '../services.ts';

/** Sets what the person checks of a `.env` file. What is not checked is not set. */
export async function importEnv(services: Services, argument: unknown): Promise<void> {
  await (await loadConfig()).importEnv({ services, ...configTools }, argument);
}
