import { unsetCommand } from '../config-commands.ts';

export const secretsUnset = unsetCommand('secret', {
  summary: 'take secrets away from an app',
  details: ['One that the manifest of what serves lists stays: deploy a manifest without it first.'],
  examples: ['minicloud secrets:unset shop OLD_KEY'],
});
