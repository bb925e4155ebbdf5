import type { Services } from '../services.ts';

export async function clearAppFilter({ filter }: Services): Promise<void> {
  await filter.set('');
}
