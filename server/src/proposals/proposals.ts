/**
 * Proposals: what somebody, or somebody's agent, would deploy. Kept for a day for a person to look at; it does nothing
 * by itself. Applying one is an ordinary deploy with the hash of its plan.
 */
import type { Plan } from 'minicloud-shared/model/plan';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Proposal, ProposalState, ProposalSummary } from 'minicloud-shared/model/proposal';
import type { Cloud, Principal } from '../context.ts';
import { randomId } from '../platform/ids.ts';
import {
  closeProposal,
  countOpen,
  dropProposals,
  findProposal,
  insertProposal,
  listProposals,
  openWithPlan,
  type ProposalRow,
} from './store.ts';

export interface ProposalInput {
  manifest: string;
  fileName?: string | undefined;
  image?: string | undefined;
  reason: string;
}

const openForMs = 24 * 3_600_000;
/** How long one is shown after its end. */
const shownForMs = 7 * 24 * 3_600_000;
const mostOpen = 20;
const listed = 100;

/** Keeps the plan of the input as a proposal. Throws `busy` when too many wait already. */
export async function keepProposal(cloud: Cloud, by: Principal, input: ProposalInput, plan: Plan): Promise<Proposal> {
  const now = cloud.clock.now();
  await dropProposals(cloud.db, now - shownForMs);
  if ((await countOpen(cloud.db, plan.app, now)) >= mostOpen) throw tooMany(plan.app);
  const row: ProposalRow = {
    id: randomId(),
    app: plan.app,
    state: 'open',
    by: by.name,
    reason: input.reason,
    manifest: input.manifest,
    file_name: input.fileName ?? null,
    image: input.image ?? null,
    plan_json: JSON.stringify(plan),
    plan_hash: plan.hash,
    created_at: now,
    expires_at: now + openForMs,
  };
  await insertProposal(cloud.db, row);
  await changed(cloud, by.name, row, 'open');
  return toProposal(cloud, row);
}

/** Newest first, those that have ended too; of every app when none is named. */
export async function proposals(cloud: Cloud, apps: readonly string[] | undefined): Promise<ProposalSummary[]> {
  return (await listProposals(cloud.db, apps, listed)).map((row) => toSummary(cloud, row));
}

/** Throws `not_found` for those of apps that `only` does not let through, too. */
export async function proposal(cloud: Cloud, id: string, only: (app: string) => boolean): Promise<Proposal> {
  return toProposal(cloud, await requireProposal(cloud, id, only));
}

export async function discardProposal(
  cloud: Cloud,
  by: Principal,
  id: string,
  only: (app: string) => boolean,
): Promise<void> {
  const row = await requireProposal(cloud, id, only);
  if (await closeProposal(cloud.db, id, 'discarded', cloud.clock.now()))
    return changed(cloud, by.name, row, 'discarded');
  throw new ProblemError({
    code: 'conflict',
    what: 'The proposal is open no longer',
    object: `proposal ${id} of ${row.app}`,
    why: `It is ${stateOf(cloud, row)}.`,
    still: 'Nothing was changed.',
    remedy: 'Nothing needs to be done.',
  });
}

/** A deploy with this plan was started: whoever proposed it is told. */
export async function proposalApplied(cloud: Cloud, by: Principal, app: string, planHash: string): Promise<void> {
  for (const row of await openWithPlan(cloud.db, app, planHash)) {
    if (await closeProposal(cloud.db, row.id, 'applied', cloud.clock.now()))
      await changed(cloud, by.name, row, 'applied');
  }
}

async function requireProposal(cloud: Cloud, id: string, only: (app: string) => boolean): Promise<ProposalRow> {
  const row = await findProposal(cloud.db, id);
  if (row && only(row.app)) return row;
  throw new ProblemError({
    code: 'not_found',
    what: 'There is no such proposal',
    object: `proposal ${id}`,
    why: 'None has this id; they are kept for a week.',
    still: 'Nothing was changed.',
    remedy: 'List the proposals to find the right one.',
  });
}

function stateOf(cloud: Cloud, row: ProposalRow): ProposalState {
  if (row.state === 'open' && row.expires_at <= cloud.clock.now()) return 'expired';
  return row.state as ProposalState;
}

function toSummary(cloud: Cloud, row: ProposalRow): ProposalSummary {
  const plan = JSON.parse(row.plan_json) as Plan;
  return {
    id: row.id,
    app: row.app,
    state: stateOf(cloud, row),
    by: row.by,
    reason: row.reason,
    planHash: row.plan_hash,
    changes: plan.changes.length,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

function toProposal(cloud: Cloud, row: ProposalRow): Proposal {
  return {
    ...toSummary(cloud, row),
    manifest: row.manifest,
    ...(row.file_name === null ? {} : { fileName: row.file_name }),
    ...(row.image === null ? {} : { image: row.image }),
    plan: JSON.parse(row.plan_json) as Plan,
  };
}

async function changed(cloud: Cloud, by: string, { id, app }: ProposalRow, state: ProposalState): Promise<void> {
  await cloud.events.append({ by, app, body: { kind: 'proposal.changed', id, state } });
}

function tooMany(app: string): ProblemError {
  return new ProblemError({
    code: 'busy',
    what: 'Too many proposals wait already',
    object: `app ${app}`,
    why: `At most ${mostOpen} of an app are kept open.`,
    still: 'Those that wait are kept.',
    remedy: 'Ask a person to apply or discard some of them in the editor.',
  });
}
