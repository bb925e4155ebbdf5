import type { Command } from '../command.ts';
import { deployDetail, setConfig, setJson, setOptions } from '../config-commands.ts';

export const configSet: Command = {
  name: 'config:set',
  finishes: true,
  summary: 'set config vars of an app, and deploy them',
  positionals: [
    { name: 'NAME', required: true, complete: 'app' },
    { name: 'KEY=VALUE | KEY', required: false, many: true, complete: 'none' },
  ],
  options: setOptions,
  details: [
    'For a KEY without a value it is asked for without showing it; without a terminal one KEY takes what standard input holds, without its last newline.',
    deployDetail,
  ],
  json: setJson,
  examples: [
    'minicloud config:set shop LOG_LEVEL=debug API_URL=https://api.example.com',
    'minicloud config:set shop --from .env --no-deploy',
  ],
  run: (context) => setConfig(context, configSet, 'config'),
};
