import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

export const schema: Command = {
  name: 'schema',
  summary: 'print the JSON Schema of a manifest, for other editors',
  positionals: [],
  options: {},
  details: [
    'Draft 7. It knows forms and bounds; rules across values are checked by validate. Editors that use yaml-language-server find it by the first line of a manifest:',
    '# yaml-language-server: $schema=./cloud_manifest.schema.json',
    'or by the address of a server, which needs no token for it:',
    '# yaml-language-server: $schema=http://127.0.0.1:9443/schema/cloud_manifest.json',
    'In a checkout it is shared/schema/cloud_manifest.schema.json.',
  ],
  json: 'the schema itself',
  examples: ['minicloud schema > cloud_manifest.schema.json'],
  async run(context) {
    const { manifestJsonSchema } = await import('minicloud-shared/manifest/json-schema');
    context.out.json(manifestJsonSchema());
    return exitCodes.ok;
  },
};
