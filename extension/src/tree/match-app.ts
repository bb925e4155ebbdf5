import type { AppSummary } from 'minicloud-shared/model/app';

/**
 * True when every word of `filter` is found in the app's name, state, environment, image or addresses. Upper and lower
 * case are alike; `failed` finds the apps that fail, `staging` those of that environment.
 */
export function matchesApp({ name, state, environment, image, urls }: AppSummary, filter: string): boolean {
  const hay = [name, state, environment, image ?? '', ...urls.map(({ url }) => url)].join('\n').toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}
