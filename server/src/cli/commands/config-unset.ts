import { unsetCommand } from '../config-commands.ts';

export const configUnset = unsetCommand('config', {
  summary: 'take config vars away from an app, and deploy it without them',
  details: [],
  examples: ['minicloud config:unset shop LOG_LEVEL'],
});
