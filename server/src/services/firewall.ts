/**
 * The network's rules are held: looked at again and again, put back when somebody emptied the tables, and told. While
 * they can't be set nothing new is deployed, as its neighbours and this machine would be open to it.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Problem, ProblemError, toProblem } from 'minicloud-shared/model/problem';
import type { Labels } from '../adapters/engine/contract.ts';
import type { FirewallPolicy, Verified } from '../adapters/firewall/contract.ts';
import type { Cloud } from '../context.ts';
import { hasAddress, parseCidr } from '../platform/cidr.ts';
import { addressLabel, internetLabel } from '../processes/processes.ts';
import { firewallPolicy } from './services.ts';

const everyMs = 60_000;

/** Why the rules could not be set when that was tried last. */
const failures = new WeakMap<Cloud, Problem>();
/** The rules as they were last put in force. */
const inForce = new WeakMap<Cloud, FirewallPolicy>();
/** One at a time: two that put rules back at once would each find the other's half-done. */
const holding = new WeakMap<Cloud, Promise<void>>();

/**
 * Sees to it that every rule is in force. Never throws: what is wrong is in the log, an event and `firewallFailure`.
 * Does nothing where the firewall is switched off.
 */
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

/**
 * To be awaited between the making of a container and its start: rules that speak of its address alone follow, those of
 * who had it before go. Costs nothing where there are none. Throws `not_available` where one that is to do without the
 * internet would not: its manifest says so, and nothing is gained by starting it open.
 */
export async function admitContainer(cloud: Cloud, container: AdmittedContainer): Promise<void> {
  if (cloud.config.firewall === 'off') return;
  const { labels, address = '' } = container;
  // One that is under way may have asked the engine before it was made.
  await holding.get(cloud);
  const { refused = [], allowed = [] } = inForce.get(cloud)?.internet ?? {};
  if (!(internetLabel in labels || refused.includes(address) || allowed.includes(address))) return;
  await holdFirewall(cloud);
  const sealed = inForce.get(cloud)?.internet?.refused.includes(address);
  if (labels[internetLabel] === 'no' && !sealed) throw notSealed(container, firewallFailure(cloud));
}

export interface AdmittedContainer {
  labels: Labels;
  /** IPv4, in the network of its app. */
  address: string | undefined;
}

function notSealed({ address = 'unknown' }: AdmittedContainer, failure: Problem | undefined): ProblemError {
  return new ProblemError({
    code: 'not_available',
    what: 'A container that is to do without the internet was not started',
    object: `firewall rule of ${address}`,
    why: failure?.why ?? 'Its rule could not be put in force, as the engine did not say that it is there.',
    still: 'What serves goes on serving.',
    remedy: failure?.remedy ?? 'Try again; `minicloud status` says how the engine is.',
  });
}

/** True, or what is amiss with the rules that were last set. Throws when nothing can be told. */
export async function verifyFirewall(cloud: Cloud, signal: AbortSignal): Promise<Verified> {
  await holding.get(cloud);
  return cloud.firewall.verify(inForce.get(cloud) ?? (await presentPolicy(cloud, signal)), { signal });
}

/**
 * Where the firewall is switched off its rules go: none is kept up to date any more, and addresses get other owners.
 * Tells of containers that reach the internet against their manifest from then on. Never throws.
 */
export async function releaseFirewall(cloud: Cloud, signal: AbortSignal): Promise<void> {
  if (cloud.config.firewall !== 'off') return;
  // Where rules can't be changed there are none of ours.
  await cloud.firewall.remove({ signal }).catch(() => {});
  const sealed = await cloud.engine.listContainers({ [internetLabel]: 'no' }, { signal }).catch(() => []);
  const apps = [...new Set(sealed.map(({ labels }) => labels['minicloud.app-name']))];
  if (apps.length === 0) return;
  cloud.log.warn('the firewall is off: apps that are to do without the internet can ask it', { apps: apps.join(', ') });
}

/** Holds them for ever. Returns what stops it. */
export function keepFirewall(cloud: Cloud, ms = everyMs): () => void {
  const timer = setInterval(() => void holdFirewall(cloud), ms);
  return () => clearInterval(timer);
}

async function hold(cloud: Cloud, signal: AbortSignal): Promise<void> {
  try {
    const before = inForce.get(cloud);
    const policy = await presentPolicy(cloud, signal).catch(async (error) => {
      // What holds for all needs no engine. Rules of single containers that are there from before stay.
      const base = firewallPolicy(cloud);
      if ((await cloud.firewall.verify(base, { signal })).bare) await cloud.firewall.apply(base, { signal });
      throw error;
    });
    // Against what was last set: that containers came and went is no news.
    const { ok, detail } = await cloud.firewall.verify(before ?? policy, { signal });
    if (!ok || (before && !isDeepStrictEqual(before, policy))) await cloud.firewall.apply(policy, { signal });
    inForce.set(cloud, policy);
    await held(cloud, ok ? undefined : detail);
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

/** What holds for all, and the addresses of containers that differ. While the engine is away those that were known. */
async function presentPolicy(cloud: Cloud, signal: AbortSignal): Promise<FirewallPolicy> {
  const policy = firewallPolicy(cloud);
  const pool = parseCidr(policy.pool);
  const addressesOf = async (value: 'no' | 'yes') => {
    const containers = await cloud.engine.listContainers({ [internetLabel]: value }, { signal });
    return containers
      .flatMap(({ labels }) => labels[addressLabel] ?? [])
      .filter((address) => hasAddress(pool, address))
      .sort();
  };
  try {
    const [refused, allowed] = await Promise.all([addressesOf('no'), addressesOf('yes')]);
    return { ...policy, internet: { refused, allowed } };
  } catch (error) {
    const known = inForce.get(cloud)?.internet;
    if (!known) throw error;
    return { ...policy, internet: known };
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
