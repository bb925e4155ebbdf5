import { setCommand } from '../config-commands.ts';

export const configSet = setCommand('config', {
  summary: 'set config vars of an app, and deploy them',
  key: 'KEY=VALUE | KEY',
  details: [
    'For a KEY without a value it is asked for without showing it; without a terminal one KEY takes what standard input holds, without its last newline.',
  ],
  examples: [
    'minicloud config:set shop LOG_LEVEL=debug API_URL=https://api.example.com',
    'minicloud config:set shop --from .env --no-deploy',
  ],
});
