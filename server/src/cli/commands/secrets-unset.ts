import type { Command } from '../command.ts';
import { deployDetail, setJson, setOptions, unsetConfig } from '../config-commands.ts';

export const secretsUnset: Command = {
  name: 'secrets:unset',
  finishes: true,
  summary: 'take secrets away from an app',
  positionals: [
    { name: 'NAME', required: true, complete: 'app' },
    { name: 'KEY', required: true, many: true, complete: 'none' },
  ],
  options: { 'no-deploy': setOptions['no-deploy'] },
  details: ['One that the manifest of what serves lists stays: deploy a manifest without it first.', deployDetail],
  json: setJson,
  examples: ['minicloud secrets:unset shop OLD_KEY'],
  run: (context) => unsetConfig(context, secretsUnset, 'secret'),
};
