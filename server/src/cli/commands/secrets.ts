import type { Command } from '../command.ts';
import { listConfig } from '../config-commands.ts';

export const secrets: Command = {
  name: 'secrets',
  summary: 'list the secrets of an app; never their values',
  positionals: [{ name: 'NAME', required: true, complete: 'app' }],
  options: {},
  details: ['A process has a secret only when the manifest lists it: secrets: [STRIPE_KEY].'],
  json: '{ version: number, entries: { name, kind, updatedAt, by, used }[] }',
  run: (context) => listConfig(context, 'secret'),
};
