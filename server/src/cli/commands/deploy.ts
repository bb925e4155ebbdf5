import type { AppDetail } from 'minicloud-shared/model/app';
import type { Release } from 'minicloud-shared/model/release';
import type { Api } from '../api.ts';
import type { Command, Context } from '../command.ts';
import { conduct, type Outcome, settle } from '../conduct.ts';
import { confirm, mustBeAskable, yesOption } from '../confirm.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { planView } from '../plan-view.ts';
import { makePlan, sourceWords } from '../planning.ts';
import { receiptView } from '../receipt.ts';

export const deploy: Command = {
  name: 'deploy',
  finishes: true,
  summary: 'show the plan, ask, and make it so',
  positionals: sourceWords.positionals,
  options: { ...sourceWords.options, yes: yesOption },
  details: [
    'Reads cloud_manifest.yml, .yaml or .json in FOLDER (here unless said otherwise). NAME deploys an app that is there with the manifest it has, for a new image or once more. An image alone deploys by the manifest that it carries. A folder that holds a manifest wins over an app of that name.',
    'Exactly the plan that was shown is made so: if it would differ by then, nothing is changed. Without a terminal --yes is needed.',
    'The deploy runs on the server. Ctrl-C asks the server to cancel it and waits for the outcome; a second Ctrl-C leaves it to itself. A lost connection is taken up again.',
  ],
  json: '{ plan: Plan, diagnostics: Diagnostic[], operation: Operation, release?: Release, urls: string[] } when it has ended; refused: { diagnostics }',
  examples: [
    'minicloud deploy',
    'minicloud deploy --image docker.io/me/shop:2 --yes',
    'minicloud deploy shop --image docker.io/me/shop:3',
  ],
  async run(context) {
    mustBeAskable(context, deploy);
    const { found, plan, diagnostics, api } = await makePlan(context, () => context.api({ patient: true }));
    if (!plan || !api) {
      if (context.json) context.out.json({ diagnostics });
      return exitCodes.refused;
    }
    if (!context.json) context.out.print(...planView(plan, context.out.columns), []);
    if (!(await confirm(context, 'Deploy?'))) {
      context.err.print(['Nothing was changed.']);
      return exitCodes.interrupted;
    }
    const outcome = await conduct(context, api, {
      start: (idempotencyKey) => api.deploys.start.mutate({ ...found.source, planHash: plan.hash, idempotencyKey }),
      planned: plan.steps,
      interrupt: 'cancel',
    });
    return told(context, api, outcome, { plan, diagnostics });
  },
};

/** The end of a deploy or rollback: what serves now, as JSON with `more` in front or in words; its exit code. */
export async function told(context: Context, api: Api, outcome: Outcome, more: object = {}): Promise<ExitCode> {
  const { operation } = outcome;
  const facts = await factsOf(api, operation.app, operation.release);
  const urls = facts.app?.urls.map(({ url }) => url) ?? [];
  if (context.json) context.out.json({ ...more, operation, release: facts.release, urls });
  const code = settle(context, outcome);
  if (code === exitCodes.ok && !context.json) showLive(context, operation.app, operation.release, facts);
  return code;
}

interface LiveFacts {
  app?: AppDetail;
  release?: Release;
}

/** What serves now and what was measured. The deploy has ended, so that failing to ask does not make it fail. */
async function factsOf(api: Api, name: string, version: number | undefined): Promise<LiveFacts> {
  const [app, release] = await Promise.all([
    api.apps.get.query({ name }).catch(() => undefined),
    version === undefined ? undefined : api.releases.get.query({ app: name, version }).catch(() => undefined),
  ]);
  return { ...(app ? { app } : {}), ...(release ? { release } : {}) };
}

/** The end of one that succeeded. */
function showLive(context: Context, name: string, version: number | undefined, { app, release }: LiveFacts): void {
  const urls = app?.urls.map(({ url }) => url) ?? [];
  context.out.print(...receiptView({ name, version, urls, release }, context.out.columns));
}
