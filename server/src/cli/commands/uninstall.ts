import type { Command } from '../command.ts';
import { UsageProblem } from '../exit-codes.ts';

/** In the table for help and completion; `bin/minicloud.mjs` hands its words to the companion's program, as those of `serve`. */
export const uninstall: Command = {
  name: 'uninstall',
  summary: 'take Minicloud and its apps off this machine; data is kept',
  positionals: [],
  options: {
    confirm: {
      type: 'string',
      value: 'NAME',
      complete: 'none',
      help: 'the installation or the name of this machine, in place of the question',
    },
    'with-data': { type: 'boolean', help: 'volumes, databases and the home folder go too, for good' },
  },
  details: [
    'Runs on the machine itself, with the settings of `serve`, and refuses while the companion runs. Shows what goes and what stays before it asks.',
    'Only what this installation made goes: its containers, networks and firewall chains. `minicloud serve` on the same home brings everything back, unless the data went too.',
  ],
  json: '{ installation: string, containers: number, networks: number, volumes: number, data: "kept" | "removed", left: string[] }',
  examples: ['minicloud uninstall --home /var/lib/minicloud', 'minicloud uninstall --with-data --confirm INSTALLATION'],
  async run() {
    throw new UsageProblem({
      object: 'uninstall',
      why: 'This is the command line alone; it does not hold the companion.',
      remedy: 'Run it with server/bin/minicloud.mjs, as the installed `minicloud` does.',
    });
  },
};
