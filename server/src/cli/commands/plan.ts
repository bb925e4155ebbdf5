import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { planView } from '../plan-view.ts';
import { makePlan, sourceWords } from '../planning.ts';

export const plan: Command = {
  name: 'plan',
  summary: 'show what a deploy would change; changes nothing',
  ...sourceWords,
  details: [
    'Reads cloud_manifest.yml, .yaml or .json in FOLDER (here unless said otherwise), or takes the app NAME as it serves. The image is fetched when the server does not have it yet.',
    'Ends with 5 when the manifest has errors or asks for what the server does not do.',
  ],
  json: '{ plan?: Plan, diagnostics: Diagnostic[] }; no plan when a diagnostic is an error',
  examples: ['minicloud plan', 'minicloud plan shop --image docker.io/me/shop:2'],
  async run(context) {
    const { plan: made, diagnostics } = await makePlan(context, () => context.api({ patient: true }));
    if (context.json) context.out.json({ ...(made ? { plan: made } : {}), diagnostics });
    else if (made) context.out.print(...planView(made, context.out.columns));
    return made ? exitCodes.ok : exitCodes.refused;
  },
};
