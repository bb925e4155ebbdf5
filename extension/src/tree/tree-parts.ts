import type { Forwards } from '../forwards/forwards.ts';
import type { LogFollower } from '../logs/log-follower.ts';
import type { AppFilter } from './app-filter.ts';
import type { RowSelection } from './row-selection.ts';

/** What rows look at beside their server. */
export interface TreeParts {
  filter: AppFilter;
  forwards: Forwards;
  logs: Pick<LogFollower, 'follows' | 'onDidChange'>;
  selection: RowSelection;
}
