import type { Command } from '../command.ts';
import { UsageProblem } from '../exit-codes.ts';

/** In the table for help and completion; `bin/minicloud.mjs` hands its words to the companion before they come here. */
export const serve: Command = {
  name: 'serve',
  summary: 'run the server companion in the foreground',
  positionals: [],
  options: {},
  details: [
    'Every setting has an option and an environment variable; `minicloud serve --help` lists them. The companion may stop and start: apps keep serving.',
    'While nobody is an administrator it prints a one-time code for the first: give it to `minicloud login` when that asks for a token. With --ready FILE that file gets a token instead. Its log goes to standard error.',
  ],
  json: '{ apiUrl: string, home: string, ready?: string, firstAdministrator?: { code: string, link: string, expiresAt: number } } when it serves; its log on standard error: { at, level, message, … } each line',
  examples: ['minicloud serve --home /var/lib/minicloud --server-domain cloud.example.com'],
  async run() {
    throw new UsageProblem({
      object: 'serve',
      why: 'This is the command line alone; it does not hold the companion.',
      remedy: 'Run it with server/bin/minicloud.mjs, as the installed `minicloud` does.',
    });
  },
};
