/** The firewall port in memory: remembers what it was told. */
import type { Firewall, FirewallPolicy } from './contract.ts';
import { unavailable } from './problems.ts';
import { chainNames, firewallRules } from './rules.ts';

export interface MemoryFirewall extends Firewall {
  /** The rules that would be in force; empty before `apply` and after `remove`. */
  rules(): readonly string[];
  /** As if somebody had emptied the tables behind our back. */
  forget(): void;
  /** From now on rules can't be set, as where this is not root. */
  refuse(): void;
  /** They can again. */
  allow(): void;
}

export function createMemoryFirewall(installation: string): MemoryFirewall {
  const chains = chainNames(installation);
  const wanted = (policy: FirewallPolicy) => firewallRules(policy, chains);
  let rules: string[] = [];
  let refused = false;
  return {
    async apply(policy) {
      if (refused) throw unavailable('You must be root.');
      rules = wanted(policy);
    },
    async verify(policy) {
      const ok = rules.join() === wanted(policy).join();
      return {
        ok,
        bare: rules.length === 0,
        detail: ok ? 'every rule is in place' : 'the rules are not what they should be',
      };
    },
    async remove() {
      rules = [];
    },
    rules: () => rules,
    forget() {
      rules = [];
    },
    refuse() {
      refused = true;
    },
    allow() {
      refused = false;
    },
  };
}
