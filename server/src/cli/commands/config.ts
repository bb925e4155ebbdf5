import { listCommand } from '../config-commands.ts';

export const config = listCommand('config', {
  summary: 'list the config vars of an app; never their values',
  details: [
    'Every process of the app has them in its environment; one of the same name in the manifest gives way. Secrets, which the manifest lists, are told by secrets.',
  ],
});
