/** The firewall port by iptables: two chains of our own, and one jump to each that comes before everybody else's. */
import { ProblemError } from 'minicloud-shared/model/problem';
import { type RunResult, runCommand } from '../../platform/exec.ts';
import type { Firewall, FirewallPolicy } from './contract.ts';
import { unavailable } from './problems.ts';
import { type Chains, chainNames, firewallRules } from './rules.ts';

export interface IptablesOptions {
  installation: string;
  /** argv put before every command, such as `nsenter --net=…` when the engine lives in another network namespace. */
  within?: readonly string[];
}

interface Call {
  signal?: AbortSignal;
}

/** Docker's chain for rules that come before its own; it is made and kept by Docker. */
const dockerChain = 'DOCKER-USER';
/** Podman's (netavark's) chain, and how it leads there. */
const podmanChain = 'NETAVARK_FORWARD';
const podmanJump = `-A FORWARD -m comment --comment "netavark firewall plugin rules" -j ${podmanChain}`;
/** Without it packets inside one network never pass iptables, and the rules among neighbours have no effect. */
const bridgeSwitch = '/proc/sys/net/bridge/bridge-nf-call-iptables';
const bridgeModule = 'br_netfilter';
const lockSeconds = '10';
const deadlineMs = 30_000;
/** Others change the tables too: what was read may be old when it is written. */
const tries = 3;

export function createIptablesFirewall({ installation, within = [] }: IptablesOptions): Firewall {
  const chains = chainNames(installation);

  const run = (argv: string[], { signal }: Call, stdin?: string): Promise<RunResult> =>
    runCommand([...within, ...argv], { timeoutMs: deadlineMs, signal, stdin });

  /** Every chain and rule of the filter table, as `iptables -S` prints them. */
  async function read(call: Call): Promise<string[]> {
    const { exitCode, stdout, stderr } = await run(['iptables', '-w', lockSeconds, '-S'], call);
    if (exitCode !== 0) throw unavailable(stderr);
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** All of the lines or none of them. */
  const write = (lines: string[], call: Call): Promise<RunResult> =>
    run(['iptables-restore', '-w', lockSeconds, '--noflush'], call, `*filter\n${lines.join('\n')}\nCOMMIT\n`);

  async function change(make: (table: string[]) => string[], call: Call): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const lines = make(await read(call));
      if (lines.length === 0) return;
      const { exitCode, stderr } = await write(lines, call);
      if (exitCode === 0) return;
      if (attempt >= tries) throw unavailable(stderr);
    }
  }

  async function bridgeIsFiltered(call: Call): Promise<boolean> {
    const { exitCode, stdout } = await run(['cat', bridgeSwitch], call);
    return exitCode === 0 && stdout.trim() === '1';
  }

  async function filterBridges(call: Call): Promise<void> {
    if (await bridgeIsFiltered(call)) return;
    // Where the module is built in or missing this fails; what counts is whether the switch can be set afterwards.
    await run(['modprobe', bridgeModule], call).catch(() => undefined);
    await run(['tee', bridgeSwitch], call, '1\n');
    if (!(await bridgeIsFiltered(call))) throw bridgesUnfiltered();
  }

  return {
    async apply(policy, call = {}) {
      const rules = firewallRules(policy, chains);
      await change((table) => {
        if (problems(table, policy, chains).length === 0) return [];
        return [
          ...podmanLines(table, policy),
          // Naming a chain empties it: with the rules below in one step, there is no moment without them.
          `:${chains.forward} - [0:0]`,
          `:${chains.input} - [0:0]`,
          ...rules,
          ...jumpRemovals(table, chains),
          `-I ${forwardParent(table)} 1 -j ${chains.forward}`,
          `-I INPUT 1 -j ${chains.input}`,
        ];
      }, call);
      await filterBridges(call);
    },

    async verify(policy, call = {}) {
      const table = await read(call);
      const found = problems(table, policy, chains);
      const bare = ownRules(table, chains).length === 0;
      if (!(await bridgeIsFiltered(call)))
        found.push(`${bridgeSwitch} is not 1: neighbours in one network are not filtered`);
      return found.length === 0
        ? { ok: true, bare, detail: 'every rule is in place' }
        : { ok: false, bare, detail: found.join('; ') };
    },

    async remove(call = {}) {
      await change((table) => {
        const ours = Object.values(chains).filter((chain) => table.includes(`-N ${chain}`));
        const deletions = ours.flatMap((chain) => [`-F ${chain}`, `-X ${chain}`]);
        return [...jumpRemovals(table, chains), ...deletions];
      }, call);
    },
  };
}

/**
 * Another installation's jump may come first: its rules speak of its own pool only. So may Podman's separation of its
 * networks, which refuses and accepts nothing: it comes to the front with every first container.
 */
const harmlessBefore = / -j (?:MC-[A-Za-z0-9]+-(?:FWD|IN)|NETAVARK_ISOLATION_\d)$/;

/**
 * Podman puts its chain at the front when its first container starts, and that chain accepts; it leaves it where it is
 * when it is there. So it is made before, in Podman's very words, for ours to come before it and stay there. Made and
 * not named: if Podman makes it at this very moment, nothing of it is emptied, writing fails and the table is read anew.
 */
function podmanLines(table: string[], policy: FirewallPolicy): string[] {
  if (!policy.resolverAtGateway || table.includes(podmanJump)) return [];
  return [...(table.includes(`-N ${podmanChain}`) ? [] : [`-N ${podmanChain}`]), podmanJump];
}

/** What is missing or out of place; empty when all is well. */
function problems(table: string[], policy: FirewallPolicy, chains: Chains): string[] {
  const { forward, input } = chains;
  const found: string[] = [];
  const has = ownRules(table, chains);
  // Chains are listed in any order; the order inside each is what counts.
  for (const chain of [forward, input]) {
    const of = (lines: string[]) => lines.filter((line) => line.startsWith(`-A ${chain} `)).join('\n');
    if (of(has) !== of(firewallRules(policy, chains))) found.push(`the rules of ${chain} are not what they should be`);
  }
  for (const [parent, chain] of [[forwardParent(table), forward] as const, ['INPUT', input] as const]) {
    const rules = table.filter((line) => line.startsWith(`-A ${parent} `));
    const position = rules.indexOf(`-A ${parent} -j ${chain}`);
    const before = rules.slice(0, position).filter((rule) => !harmlessBefore.test(rule));
    if (position < 0) found.push(`${parent} does not lead to ${chain}`);
    else if (before.length > 0) found.push(`${chain} is not the first in ${parent}`);
  }
  if (podmanLines(table, policy).length > 0) found.push('Podman would put its own rules before ours');
  if (jumpRemovals(table, chains).length > 2) found.push('a jump is there more than once');
  return found;
}

function ownRules(table: string[], { forward, input }: Chains): string[] {
  return table.filter((line) => line.startsWith(`-A ${forward} `) || line.startsWith(`-A ${input} `));
}

/** Docker's chain where Docker looks into it first, else the table's own. */
function forwardParent(table: string[]): string {
  const first = table.find((line) => line.startsWith('-A FORWARD ') && !/ -j MC-[A-Za-z0-9]+-FWD$/.test(line));
  return first === `-A FORWARD -j ${dockerChain}` ? dockerChain : 'FORWARD';
}

function jumpRemovals(table: string[], { forward, input }: Chains): string[] {
  const jumps = table.filter((line) => line.endsWith(` -j ${forward}`) || line.endsWith(` -j ${input}`));
  return jumps.map((line) => line.replace(/^-A /, '-D '));
}

function bridgesUnfiltered(): ProblemError {
  return new ProblemError({
    code: 'not_available',
    what: 'Neighbours in one network can not be filtered on this machine',
    object: 'firewall',
    why: `${bridgeSwitch} can't be set to 1.`,
    still: 'All other rules are in place: between networks, to the host, to the internet.',
    remedy: `Load the kernel module ${bridgeModule} and let root write that file.`,
  });
}
