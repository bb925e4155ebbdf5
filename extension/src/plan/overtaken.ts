import type { Plan } from 'minicloud-shared/model/plan';
import type { Snapshot } from '../servers/snapshot.ts';

/**
 * True when the app has moved on since the plan was made, which is then refused. Release numbers only rise, so what is
 * known of the server may be older than the plan and makes nothing of it. `config` is the version of its config vars and
 * secrets that was known when the plan was made.
 */
export function overtaken(
  { app, fromRelease, toRelease }: Pick<Plan, 'app' | 'fromRelease' | 'toRelease'>,
  { apps, operations, configs }: Pick<Snapshot, 'apps' | 'operations' | 'configs'>,
  config?: number,
): boolean {
  if (configs?.get(app) !== config) return true;
  const serving = apps?.find(({ name }) => name === app)?.release ?? 0;
  // Failed ones count: they have taken the number that the plan would make.
  const begun = operations.get(app)?.release ?? 0;
  return serving > (fromRelease ?? 0) || begun >= toRelease;
}
