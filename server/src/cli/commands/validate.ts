import type { Command } from '../command.ts';

export const validate: Command = {
  name: 'validate',
  summary: 'check manifests; needs no server',
  positionals: [{ name: 'FILE', required: false, many: true, complete: 'file' }],
  options: {
    format: {
      type: 'string',
      value: 'FORMAT',
      choices: ['text', 'json', 'github'],
      complete: 'none',
      help: 'how the findings are told',
    },
    'max-warnings': { type: 'string', value: 'N', complete: 'none', help: 'end with 5 when there are more warnings' },
    env: { type: 'boolean', help: 'compare with the variables that the source beside the manifest reads' },
    server: { type: 'boolean', help: 'check also what only the server knows, such as whose a domain is' },
  },
  details: [
    'FILE is a manifest, a folder with one, or - for standard input; the manifest of this folder unless said otherwise. Nothing is asked over the network unless --server says so; plan always asks.',
    'With --env the folder of the manifest is looked through for variables: those that are read and that nothing sets, and those that are set and that nothing reads. They are hints and change no exit code; of files that .gitignore leaves out nothing is known.',
    'Rules and severities are those of the editor; comments (minicloud-disable-next-line CODE) are heeded. For other editors see schema.',
    'Ends with 5 when there is an error; warnings alone end with 0, unless there are more than --max-warnings. The format github makes annotations of a GitHub workflow.',
  ],
  json: '{ valid: boolean, files: { file: string, valid: boolean, diagnostics: Diagnostic[] }[] }; lines and characters of ranges count from 0',
  examples: [
    'minicloud validate',
    'minicloud validate --env',
    'minicloud validate apps/*/cloud_manifest.yml --format github --max-warnings 0',
    'generate | minicloud validate - --server',
  ],
  // The rules of manifests take as long to load as another command takes as a whole.
  run: async (context) => (await import('../validating.ts')).runValidate(context),
};
