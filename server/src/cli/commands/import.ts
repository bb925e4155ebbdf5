import type { Command } from '../command.ts';
import { yesOption } from '../confirm.ts';

export const importCommand: Command = {
  name: 'import',
  summary: 'make a manifest from Compose, Heroku or CapRover files, or from a container; needs no server',
  positionals: [{ name: 'FILE', required: false, complete: 'file' }],
  options: {
    service: { type: 'string', value: 'NAME', complete: 'none', help: 'the Compose service that becomes the app' },
    container: {
      type: 'string',
      value: 'NAME',
      complete: 'none',
      help: 'a container of this machine’s engine, instead of a file',
    },
    write: { type: 'boolean', help: 'write cloud_manifest.yml beside the file, instead of printing it' },
    yes: yesOption,
  },
  details: [
    'FILE is a docker-compose.yml, a Procfile or app.json, a captain-definition, what docker inspect prints, a folder with one of these, or - for standard input; this folder unless said otherwise.',
    'The manifest is printed, with comments that say what was not taken over and why. Values that look like secrets are never in it: their names are under secrets, for you to set on the server with secrets:set. A manifest that is there is not replaced without asking.',
    'Other files of the folder are read where they count: .env, env_file, include and extends of Compose; nothing outside of it is.',
  ],
  json: '{ manifest: string, app: string, services: string[], mapped: { field, to }[], notMapped: { field, why }[], secrets: { name, field }[], notOffered: { path, feature, label, remedy }[], notes: string[], file?: string }',
  examples: [
    'minicloud import > cloud_manifest.yml',
    'minicloud import docker-compose.yml --service web --write',
    'minicloud import --container old-shop',
    'docker inspect old-shop | minicloud import -',
  ],
  // The readers of all these formats take longer to load than another command takes as a whole.
  run: async (context) => (await import('../importing.ts')).runImport(context),
};
