import { configTools, loadConfig } from '../config/load-config.ts';
import type { Services } from '../services.ts';

/** Takes config vars and secrets away, all that are selected at once. The key says `selected`, as the editor hands over no rows to keys. */
export async function unsetConfig(services: Services, argument: unknown, selected?: readonly unknown[]): Promise<void> {
  const byKey = argument === 'selected';
  await (await loadConfig()).unset(
    { services, ...configTools },
    byKey ? undefined : argument,
    byKey ? services.selection.variables() : selected,
  );
}
