import { setCommand } from '../config-commands.ts';

export const secretsSet = setCommand('secret', {
  summary: 'set secrets of an app, and deploy those that its manifest lists',
  key: 'KEY',
  details: [
    'Values are asked for without showing them; without a terminal one KEY takes what standard input holds, without its last newline. They are never taken from arguments, which every process of the machine can read.',
  ],
  examples: [
    'minicloud secrets:set shop STRIPE_KEY',
    'minicloud secrets:set shop TLS_KEY < key.pem',
    'minicloud secrets:set shop --from .env.production --create --yes',
  ],
});
