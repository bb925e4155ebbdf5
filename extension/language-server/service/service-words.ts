import type { ServerFacts } from 'minicloud-shared/manifest/model';

/** How a shared server is, for people. */
export const serviceWords: Readonly<Record<NonNullable<ServerFacts['services']>[number]['state'], string>> = {
  ok: 'runs on the server',
  starting: 'is starting on the server',
  down: 'does not answer on the server',
  off: 'starts on the server with the first app that needs it',
};
