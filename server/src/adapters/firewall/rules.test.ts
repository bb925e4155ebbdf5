import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import { chainNames, firewallRules } from './rules.ts';

test('the rules of a pool, word by word', () => {
  const chains = chainNames('ab-cd-ef-gh-ij');
  assert.deepEqual(chains, { forward: 'MC-abcdefgh-FWD', input: 'MC-abcdefgh-IN' });
  const rules = firewallRules({ pool: '10.64.0.0/12', publicPorts: [443, 80] }, { forward: 'F', input: 'I' });
  const pool = '10.64.0.0/12';
  const support = '10.64.0.32/255.240.0.48';
  const services = '10.64.0.48/255.240.0.48';
  const refuse = (line: string, match = '') => [
    `-A ${line} -p tcp${match} -j REJECT --reject-with tcp-reset`,
    `-A ${line}${match} -j REJECT --reject-with icmp-port-unreachable`,
  ];
  assert.deepEqual(rules, [
    '-A F -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
    ...refuse(`F -s ${pool} -d 169.254.0.0/16`),
    ...refuse(`F -s ${services}`),
    ...refuse(`F -s ${support} -d ${services}`),
    ...refuse(`F -s ${pool} -d ${pool}`, ' -m physdev ! --physdev-is-bridged'),
    `-A F -s ${support} -d ${pool} -j RETURN`,
    ...refuse(`F -s ${support}`),
    '-A I -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
    '-A I -s 10.64.0.0/255.240.0.32 -p tcp -m multiport --dports 80,443 -j RETURN',
    ...refuse(`I -s ${pool}`),
  ]);
});

test('an installation without letters names no chain', () => {
  assert.throws(() => chainNames('--'), ProblemError);
});
