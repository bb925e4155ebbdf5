import type { Command } from '../command.ts';
import { deployDetail, setConfig, setJson, setOptions } from '../config-commands.ts';

export const secretsSet: Command = {
  name: 'secrets:set',
  finishes: true,
  summary: 'set secrets of an app, and deploy those that its manifest lists',
  positionals: [
    { name: 'NAME', required: true, complete: 'app' },
    { name: 'KEY', required: false, many: true, complete: 'none' },
  ],
  options: setOptions,
  details: [
    'Values are asked for without showing them; without a terminal one KEY takes what standard input holds, without its last newline. They are never taken from arguments, which every process of the machine can read.',
    deployDetail,
  ],
  json: setJson,
  examples: [
    'minicloud secrets:set shop STRIPE_KEY',
    'minicloud secrets:set shop TLS_KEY < key.pem',
    'minicloud secrets:set shop --from .env.production --create --yes',
  ],
  run: (context) => setConfig(context, secretsSet, 'secret'),
};
