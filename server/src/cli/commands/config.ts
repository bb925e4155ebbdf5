import type { Command } from '../command.ts';
import { listConfig } from '../config-commands.ts';

export const config: Command = {
  name: 'config',
  summary: 'list the config vars of an app; never their values',
  positionals: [{ name: 'NAME', required: true, complete: 'app' }],
  options: {},
  details: [
    'Every process of the app has them in its environment; one of the same name in the manifest gives way. Secrets, which the manifest lists, are told by secrets.',
  ],
  json: '{ version: number, entries: { name, kind, updatedAt, by, used }[] }',
  run: (context) => listConfig(context, 'config'),
};
