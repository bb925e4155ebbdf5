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
    ...refuse(`F ! -s ${pool} -d ${pool} -o br-+`),
    ...refuse(`F -s ${pool} -d ${pool}`, ' -m physdev ! --physdev-is-bridged'),
    `-A F -s ${support} -d ${pool} -j RETURN`,
    ...refuse(`F -s ${support}`),
    '-A I -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
    '-A I -i lo -j RETURN',
    '-A I -s 10.64.0.0/255.240.0.32 -p tcp -m multiport --dports 80,443 -j RETURN',
    ...refuse(`I -s ${pool}`),
  ]);
});

test('an address may differ from its role in what it asks of the internet, and in nothing else', () => {
  const chains = { forward: 'F', input: 'I' };
  const pool = '10.64.0.0/12';
  const plain = firewallRules({ pool }, chains);
  const refused = ['10.64.0.3', '10.64.0.2', '10.64.0.2'];
  const rules = firewallRules({ pool, internet: { refused, allowed: ['10.64.0.33'] } }, chains);
  const added = rules.filter((rule) => !plain.includes(rule));
  assert.deepEqual(added, [
    ...['10.64.0.2', '10.64.0.3'].flatMap((address) => [
      `-A F -s ${address}/32 ! -d ${pool} -p tcp -j REJECT --reject-with tcp-reset`,
      `-A F -s ${address}/32 ! -d ${pool} -j REJECT --reject-with icmp-port-unreachable`,
    ]),
    '-A F -s 10.64.0.33/32 -j RETURN',
  ]);
  assert.deepEqual(rules.slice(0, 4), added.slice(0, 4), 'before the answers: what is connected ends');
  const lastRefusal = rules.findLastIndex((rule) => rule.startsWith('-A F ') && rule.includes('REJECT'));
  const allowance = rules.indexOf('-A F -s 10.64.0.33/32 -j RETURN');
  assert.equal(allowance, lastRefusal - 2, 'only the refusal of support containers on their way out comes after it');
  for (const address of ['10.128.0.1', '10.64.0.1/12', 'here; reboot', '']) {
    for (const internet of [
      { refused: [address], allowed: [] },
      { refused: [], allowed: [address] },
    ])
      assert.throws(() => firewallRules({ pool, internet }, chains), ProblemError);
  }
});

test('shared services are reached at their ports, by so many connections of one app; as many rules for any number of apps', () => {
  const chains = { forward: 'F', input: 'I' };
  const policy = { pool: '10.64.0.0/12', services: { ports: [5432, 3306], connectionsEach: 60 } };
  const added = firewallRules(policy, chains).filter(
    (rule) => !firewallRules({ pool: policy.pool }, chains).includes(rule),
  );
  const services = '10.64.0.48/255.240.0.48';
  const asked = `-A F -d ${services} -p tcp -m multiport --dports 3306,5432`;
  assert.deepEqual(added, [
    `${asked} -m connlimit --connlimit-above 60 --connlimit-mask 32 --connlimit-daddr -j REJECT --reject-with tcp-reset`,
    `${asked} -j RETURN`,
    `-A F -d ${services} -p tcp -j REJECT --reject-with tcp-reset`,
    `-A F -d ${services} -j REJECT --reject-with icmp-port-unreachable`,
  ]);
  for (const services of [
    { ports: [3306], connectionsEach: 0 },
    { ports: [3306], connectionsEach: 1.5 },
    { ports: [0], connectionsEach: 60 },
    { ports: [], connectionsEach: 60 },
  ])
    assert.throws(() => firewallRules({ ...policy, services }, chains), ProblemError);
});

test("where names are answered at the gateways, apps and their support containers ask there, services don't", () => {
  const chains = { forward: 'F', input: 'I' };
  const rules = firewallRules({ pool: '10.64.0.0/12', resolverAtGateway: true }, chains);
  const plain = firewallRules({ pool: '10.64.0.0/12' }, chains);
  const gateways = '10.64.0.1/255.240.0.63';
  assert.deepEqual(
    rules.filter((rule) => rule.startsWith('-A I ') && !plain.includes(rule)),
    ['10.64.0.0/255.240.0.32', '10.64.0.32/255.240.0.48'].flatMap((from) => [
      `-A I -s ${from} -d ${gateways} -p tcp -m tcp --dport 53 -j RETURN`,
      `-A I -s ${from} -d ${gateways} -p udp -m udp --dport 53 -j RETURN`,
    ]),
  );
  assert.deepEqual(rules.slice(-2), plain.slice(-2), 'what is refused comes after');
});

test('others are refused on the way to the bridges of the engine and nowhere else', () => {
  const chains = { forward: 'F', input: 'I' };
  for (const [resolverAtGateway, bridges] of [
    [false, 'br-+'],
    [true, 'podman+'],
  ] as const) {
    const rules = firewallRules({ pool: '10.64.0.0/12', resolverAtGateway }, chains);
    assert.deepEqual(
      rules.filter((rule) => rule.includes('! -s')),
      [
        `-A F ! -s 10.64.0.0/12 -d 10.64.0.0/12 -o ${bridges} -p tcp -j REJECT --reject-with tcp-reset`,
        `-A F ! -s 10.64.0.0/12 -d 10.64.0.0/12 -o ${bridges} -j REJECT --reject-with icmp-port-unreachable`,
      ],
    );
  }
});

test('an installation without letters names no chain', () => {
  assert.throws(() => chainNames('--'), ProblemError);
});
