/**
 * The network's rules are held: looked at again and again, put back when somebody emptied the tables, and told. While
 * they can't be set nothing new is deployed, as its neighbours and this machine would be open to it.
 */
import { type Problem, ProblemError, toProblem } from 'minicloud-shared/model/problem';
import type { Cloud } from '../context.ts';
import { firewallPolicy } from './services.ts';

const everyMs = 60_000;

/** Why the rules could not be set when that was tried last. */
const failures = new WeakMap<Cloud, Problem>();
/** One at a time: two that put rules back at once would each find the other's half-done. */
const holding = new WeakMap<Cloud, Promise<void>>();

/** Sees to it that every rule is in force. Never throws: what is wrong is in the log, an event and `firewallFailure`. */
export function holdFirewall(cloud: Cloud, signal: AbortSignal = cloud.stopping): Promise<void> {
  if (cloud.config.firewall === 'off') return Promise.resolve();
  const under = holding.get(cloud) ?? hold(cloud, signal).finally(() => holding.delete(cloud));
  holding.set(cloud, under);
  return under;
}

/** Why the rules are not in force as far as is known; undefined when they are. */
export function firewallFailure(cloud: Cloud): Problem | undefined {
  return failures.get(cloud);
}

/**
 * Throws `not_available` when the rules can't be set, after one more try. Only a deploy or rollback asks, when it is
 * asked for and again when its turn comes: what it brings up would be there without rules for the first time. Repairs and
 * what an interrupted deploy had switched to go on without: that serves already, and the data plane comes first. They
 * try to set the rules before they start a container, and leave it at that.
 */
export async function demandFirewall(cloud: Cloud): Promise<void> {
  if (!failures.has(cloud)) return;
  await holdFirewall(cloud);
  const problem = failures.get(cloud);
  if (!problem) return;
  throw new ProblemError({
    code: 'not_available',
    what: 'Nothing is deployed while the network has no rules',
    object: 'firewall',
    why: `${problem.why} Apps would reach one another and this machine.`,
    still: 'Nothing was changed; what serves goes on serving.',
    remedy: `${problem.remedy} --firewall off does without the rules, where nobody but you deploys.`,
  });
}

/** Holds them for ever. Returns what stops it. */
export function keepFirewall(cloud: Cloud, ms = everyMs): () => void {
  const timer = setInterval(() => void holdFirewall(cloud), ms);
  return () => clearInterval(timer);
}

async function hold(cloud: Cloud, signal: AbortSignal): Promise<void> {
  const policy = firewallPolicy(cloud);
  try {
    const { ok, detail } = await cloud.firewall.verify(policy, { signal });
    if (ok) return await held(cloud, undefined);
    await cloud.firewall.apply(policy, { signal });
    await held(cloud, detail);
  } catch (error) {
    if (signal.aborted) return;
    const problem = toProblem(error);
    const known = failures.get(cloud)?.why === problem.why;
    failures.set(cloud, problem);
    // Once, and not every minute anew.
    if (known) return;
    cloud.log.error('the rules of the network could not be set: nothing is deployed', { why: problem.why });
    await tell(cloud, `the rules of the network could not be set, nothing is deployed: ${problem.why}`);
  }
}

/** Once they are in force: tells it if they were not before. The first time that is no news. */
const wereHeld = new WeakSet<Cloud>();

async function held(cloud: Cloud, missing: string | undefined): Promise<void> {
  const failed = failures.delete(cloud);
  const before = wereHeld.has(cloud);
  wereHeld.add(cloud);
  if (!failed && (missing === undefined || !before)) return;
  const why = missing?.slice(0, 300) ?? 'they are in place again';
  cloud.log.warn('the rules of the network were put back', { why });
  await tell(cloud, `the rules of the network were put back: ${why}`);
}

async function tell(cloud: Cloud, what: string): Promise<void> {
  await cloud.events
    .append({ by: 'system', body: { kind: 'server.changed', what } })
    .catch((error) => cloud.log.warn('an event could not be recorded', { why: toProblem(error).why }));
}
