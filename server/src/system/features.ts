import { features } from 'minicloud-shared/model/system';
import type { Cloud } from '../context.ts';

/** What can be done here: without a firewall nobody is kept from the internet, nor let out one by one. */
export function offeredFeatures({ config }: Pick<Cloud, 'config'>): string[] {
  return features.filter((feature) => feature !== 'internet' || config.firewall !== 'off');
}
