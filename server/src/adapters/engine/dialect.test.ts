import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpointAddress, podmanDialect } from './dialect.ts';

const limits = (processes: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             1024                 ${processes.padEnd(20)} processes
Max open files            1024                 20000                files     `;

const files = (given: Record<string, string>) => async (file: string) => {
  const text = given[file];
  if (text === undefined) throw new Error('ENOENT');
  return text;
};

const ulimitsOf = async (given: Record<string, string>) =>
  (await podmanDialect(files(given))).ulimits.map(({ Name, Soft, Hard }) => [Name, Soft, Hard]);

test("Podman's containers get the limits that we and the kernel have, never more", async () => {
  const most = (processes: string) => ({
    '/proc/self/limits': limits(processes),
    '/proc/sys/kernel/pid_max': '32768\n',
  });
  assert.deepEqual(await ulimitsOf(most('96365')), [
    ['nproc', 32_768, 32_768],
    ['nofile', 20_000, 20_000],
  ]);
  assert.deepEqual((await ulimitsOf(most('2000')))[0], ['nproc', 2000, 2000]);
  assert.deepEqual((await ulimitsOf(most('unlimited')))[0], ['nproc', 32_768, 32_768]);
  assert.deepEqual(await ulimitsOf({}), [['nofile', 1_048_576, 1_048_576]]);
});

test('who takes an address over has the link address of the one before', () => {
  assert.deepEqual(endpointAddress('10.208.0.67', { derivesLinkAddress: false }), {
    IPAMConfig: { IPv4Address: '10.208.0.67' },
    MacAddress: '02:42:0a:d0:00:43',
  });
  assert.deepEqual(endpointAddress('10.208.0.67', { derivesLinkAddress: true }), {
    IPAMConfig: { IPv4Address: '10.208.0.67' },
  });
  assert.deepEqual(endpointAddress(undefined, { derivesLinkAddress: false }), {});
});
