/** What every firewall must do, as tests. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Firewall } from './contract.ts';

/** Registers the tests of the port for one implementation; each gets a machine without rules. */
export function firewallConformance(name: string, makeFirewall: (installation: string) => Promise<Firewall>): void {
  const policy = {
    pool: '10.64.0.0/12',
    publicPorts: [443, 80],
    services: { ports: [5432, 3306], connectionsEach: 60 },
  };
  describe(`firewall ${name}`, () => {
    test('applies, verifies, and does it twice without harm', async () => {
      const firewall = await makeFirewall('confaaaa1');
      const none = await firewall.verify(policy);
      assert.deepEqual([none.ok, none.bare], [false, true], 'nothing is there yet');
      await firewall.apply(policy);
      await firewall.apply(policy);
      assert.deepEqual(await firewall.verify(policy), { ok: true, bare: false, detail: 'every rule is in place' });
      const other = await firewall.verify({ ...policy, publicPorts: [8443] });
      assert.deepEqual([other.ok, other.bare], [false, false]);
      await firewall.remove();
      await firewall.remove();
      assert.equal((await firewall.verify(policy)).ok, false);
    });

    test('another policy replaces the one before', async () => {
      const firewall = await makeFirewall('confbbbb2');
      await firewall.apply(policy);
      const other = { pool: '10.128.0.0/16' };
      assert.equal((await firewall.verify(other)).ok, false);
      await firewall.apply(other);
      assert.equal((await firewall.verify(other)).ok, true);
      assert.equal((await firewall.verify(policy)).ok, false);
      await firewall.remove();
    });

    test('refuses pools and ports that can not be', async () => {
      const firewall = await makeFirewall('confcccc3');
      for (const bad of [
        { pool: '10.64.0.1/12' },
        { pool: '10.64.0.0/27' },
        { pool: 'fd00::/8' },
        { pool: '10.64.0.0/12; reboot' },
        { pool: '10.64.0.0/12', publicPorts: [0] },
        { pool: '10.64.0.0/12', publicPorts: [70_000] },
      ]) {
        await assert.rejects(
          firewall.apply(bad),
          (error) => error instanceof ProblemError && error.problem.code === 'invalid_input',
        );
      }
    });
  });
}
