/** The firewall port in memory: remembers what it was told. */
import type { Firewall, FirewallPolicy } from './contract.ts';
import { chainNames, firewallRules } from './rules.ts';

export interface MemoryFirewall extends Firewall {
  /** The rules that would be in force; empty before `apply` and after `remove`. */
  rules(): readonly string[];
  /** As if somebody had emptied the tables behind our back. */
  forget(): void;
}

export function createMemoryFirewall(installation: string): MemoryFirewall {
  const chains = chainNames(installation);
  const wanted = (policy: FirewallPolicy) => firewallRules(policy, chains);
  let rules: string[] = [];
  return {
    async apply(policy) {
      rules = wanted(policy);
    },
    async verify(policy) {
      const ok = rules.join() === wanted(policy).join();
      return { ok, detail: ok ? 'every rule is in place' : 'the rules are not what they should be' };
    },
    async remove() {
      rules = [];
    },
    rules: () => rules,
    forget() {
      rules = [];
    },
  };
}
