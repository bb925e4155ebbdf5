import type { Forwards } from '../forwards/forwards.ts';
import type { AppFilter } from './app-filter.ts';

/** What rows look at beside their server. */
export interface TreeParts {
  filter: AppFilter;
  forwards: Forwards;
}
