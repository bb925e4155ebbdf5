/** The firewall port over every implementation; iptables in network namespaces of its own, never in the host's tables. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { firewallConformance } from '../../server/src/adapters/firewall/conformance.ts';
import { createIptablesFirewall } from '../../server/src/adapters/firewall/iptables.ts';
import { createMemoryFirewall } from '../../server/src/adapters/firewall/memory.ts';
import { runCommand } from '../../server/src/platform/exec.ts';

const namespaces: string[] = [];
after(async () => {
  for (const name of namespaces) await runCommand(['ip', 'netns', 'delete', name]);
});

/** A machine of its own: empty tables, and Docker's chain where Docker puts it. */
async function makeNamespace(): Promise<string[]> {
  const name = `mcfw-${process.pid}-${namespaces.length}`;
  const made = await runCommand(['ip', 'netns', 'add', name]);
  assert.equal(made.exitCode, 0, `a network namespace is needed (root, iproute2): ${made.stderr}`);
  namespaces.push(name);
  const within = ['nsenter', `--net=/var/run/netns/${name}`];
  await iptables(
    within,
    ['-N', 'DOCKER-USER'],
    ['-A', 'DOCKER-USER', '-j', 'RETURN'],
    ['-A', 'FORWARD', '-j', 'DOCKER-USER'],
  );
  return within;
}

async function iptables(within: string[], ...commands: string[][]): Promise<string> {
  let printed = '';
  for (const command of commands) {
    const { exitCode, stdout, stderr } = await runCommand([...within, 'iptables', '-w', ...command]);
    assert.equal(exitCode, 0, stderr);
    printed = stdout;
  }
  return printed;
}

firewallConformance('memory', async (installation) => createMemoryFirewall(installation));
firewallConformance('iptables', async (installation) =>
  createIptablesFirewall({ installation, within: await makeNamespace() }),
);

describe('firewall iptables, the real thing', () => {
  const policy = { pool: '10.64.0.0/12', publicPorts: [80, 443] };

  test('notices rules and jumps that are gone, changed or not first, and puts them right', async () => {
    const within = await makeNamespace();
    const firewall = createIptablesFirewall({ installation: 'abcdefgh99', within });
    const damages: [string, string[][]][] = [
      ['the jump is gone', [['-D', 'DOCKER-USER', '-j', 'MC-abcdefgh-FWD']]],
      ['the jump is not first', [['-I', 'DOCKER-USER', '-j', 'ACCEPT']]],
      ['the jump for the host is not first', [['-I', 'INPUT', '-j', 'ACCEPT']]],
      ['a rule is gone', [['-D', 'MC-abcdefgh-FWD', '2']]],
      ['a rule is before ours', [['-I', 'MC-abcdefgh-IN', '-j', 'ACCEPT']]],
      ['the chain is empty', [['-F', 'MC-abcdefgh-IN']]],
      ['the jump is there twice', [['-A', 'INPUT', '-j', 'MC-abcdefgh-IN']]],
      ['everything is gone', [['-F'], ['-X', 'MC-abcdefgh-IN'], ['-X', 'MC-abcdefgh-FWD']]],
    ];
    await firewall.apply(policy);
    for (const [title, commands] of damages) {
      await iptables(within, ...commands);
      assert.equal((await firewall.verify(policy)).ok, false, title);
      await firewall.apply(policy);
      assert.deepEqual(
        await firewall.verify(policy),
        { ok: true, bare: false, detail: 'every rule is in place' },
        title,
      );
    }
  });

  test("leaves everybody else's rules as they are, when it comes and when it goes", async () => {
    const within = await makeNamespace();
    await iptables(within, ['-A', 'INPUT', '-p', 'tcp', '--dport', '22', '-j', 'ACCEPT'], ['-N', 'MC-other123-FWD']);
    const before = await iptables(within, ['-S']);
    const firewall = createIptablesFirewall({ installation: 'abcdefgh99', within });
    await firewall.apply(policy);
    const without = (await iptables(within, ['-S'])).split('\n').filter((line) => !line.includes('MC-abcdefgh'));
    assert.equal(without.join('\n'), before);
    await firewall.remove();
    assert.equal(await iptables(within, ['-S']), before);
  });

  test('two installations on one machine are both content', async () => {
    const within = await makeNamespace();
    const one = createIptablesFirewall({ installation: 'aaaaaaaa', within });
    const two = createIptablesFirewall({ installation: 'bbbbbbbb', within });
    const other = { pool: '10.128.0.0/12' };
    await one.apply(policy);
    await two.apply(other);
    assert.equal((await one.verify(policy)).ok, true);
    assert.equal((await two.verify(other)).ok, true);
    await one.remove();
    assert.equal((await two.verify(other)).ok, true);
  });

  test('works before Docker made its chain, and moves when Docker did', async () => {
    const within = await makeNamespace();
    await iptables(within, ['-F'], ['-X']);
    const firewall = createIptablesFirewall({ installation: 'abcdefgh99', within });
    await firewall.apply(policy);
    assert.equal((await firewall.verify(policy)).ok, true);
    await iptables(within, ['-N', 'DOCKER-USER'], ['-I', 'FORWARD', '-j', 'DOCKER-USER']);
    assert.equal((await firewall.verify(policy)).ok, false);
    await firewall.apply(policy);
    assert.equal((await firewall.verify(policy)).ok, true);
    assert.match(await iptables(within, ['-S', 'DOCKER-USER']), /-j MC-abcdefgh-FWD/);
    assert.doesNotMatch(await iptables(within, ['-S', 'FORWARD']), /MC-abcdefgh/);
  });

  test('comes before what Podman adds for its first container, and lets names be asked', async () => {
    const within = await makeNamespace();
    await iptables(within, ['-F'], ['-X']);
    const firewall = createIptablesFirewall({ installation: 'abcdefgh99', within });
    const podman = { ...policy, resolverAtGateway: true };
    await firewall.apply(podman);
    // As Podman's netavark does it: nothing where it is there, else at the front.
    const jump = ['FORWARD', '-m', 'comment', '--comment', 'netavark firewall plugin rules', '-j', 'NETAVARK_FORWARD'];
    await iptables(within, ['-C', ...jump]);
    await iptables(within, ['-N', 'NETAVARK_ISOLATION_1'], ['-I', 'FORWARD', '-j', 'NETAVARK_ISOLATION_1']);
    assert.deepEqual(await firewall.verify(podman), { ok: true, bare: false, detail: 'every rule is in place' });
    await iptables(within, ['-D', ...jump], ['-I', ...jump]);
    assert.match((await firewall.verify(podman)).detail, /not the first in FORWARD/);
    await firewall.apply(podman);
    assert.equal((await firewall.verify(podman)).ok, true);
    await firewall.remove();
    await iptables(within, ['-C', ...jump]);
  });

  test('switches on the filtering inside bridges', async () => {
    const within = await makeNamespace();
    const file = '/proc/sys/net/bridge/bridge-nf-call-iptables';
    await runCommand([...within, 'tee', file], { stdin: '0\n' });
    const firewall = createIptablesFirewall({ installation: 'abcdefgh99', within });
    await firewall.apply(policy);
    assert.equal((await runCommand([...within, 'cat', file])).stdout.trim(), '1');
    await runCommand([...within, 'tee', file], { stdin: '0\n' });
    assert.match((await firewall.verify(policy)).detail, /neighbours/);
  });

  test('says why when iptables is not to be had', async () => {
    const firewall = createIptablesFirewall({ installation: 'abcdefgh99', within: ['no-such-program'] });
    await assert.rejects(firewall.apply(policy), /not installed/);
  });
});
