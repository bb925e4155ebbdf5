import { listCommand } from '../config-commands.ts';

export const secrets = listCommand('secret', {
  summary: 'list the secrets of an app; never their values',
  details: ['A process has a secret only when the manifest lists it: secrets: [STRIPE_KEY].'],
});
