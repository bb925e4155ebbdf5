import type { Command } from '../command.ts';
import { deployDetail, setJson, setOptions, unsetConfig } from '../config-commands.ts';

export const configUnset: Command = {
  name: 'config:unset',
  finishes: true,
  summary: 'take config vars away from an app, and deploy it without them',
  positionals: [
    { name: 'NAME', required: true, complete: 'app' },
    { name: 'KEY', required: true, many: true, complete: 'none' },
  ],
  options: { 'no-deploy': setOptions['no-deploy'] },
  details: [deployDetail],
  json: setJson,
  examples: ['minicloud config:unset shop LOG_LEVEL'],
  run: (context) => unsetConfig(context, configUnset, 'config'),
};
