/**
 * A network namespace of our own with a way out: so that engines, firewalls and proxies under test never meet the
 * machine's. Everything made here is listed as data and taken away again, exactly and only that.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { must, run } from './process.ts';

export interface Namespace {
  name: string;
  /** What `nsenter --net=` is given. */
  file: string;
  /** argv before a command that shall run inside. */
  enter: readonly string[];
}

const prefix = 'minicloud-test-';
const stateFolder = '/run/minicloud-test';
const forwardFile = '/proc/sys/net/ipv4/ip_forward';
/** What forwarding was before the first namespace; there as long as one of ours is. */
const forwardBefore = path.join(stateFolder, 'ip_forward');

/** Numbers and names of the namespace with this index. Index 0 to 9. */
function plan(index: number) {
  const link = `mctest${index}h`;
  const inside = `mctest${index}n`;
  const subnet = `10.212.${index}.0/30`;
  return {
    name: `${prefix}${index}`,
    link,
    inside,
    subnet,
    hostAddress: `10.212.${index}.1`,
    address: `10.212.${index}.2`,
    /** Tables and rules on the machine itself; each is added and removed with these very words. */
    rules: [
      { table: 'nat', chain: 'POSTROUTING', rule: ['-s', subnet, '!', '-o', link, '-j', 'MASQUERADE'] },
      { table: 'filter', chain: 'FORWARD', rule: ['-i', link, '-j', 'ACCEPT'] },
      {
        table: 'filter',
        chain: 'FORWARD',
        rule: ['-o', link, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'ACCEPT'],
      },
    ],
  };
}

/** First host number of the bridge network of the engine inside, in CIDR form as dockerd's `--bip` wants it. */
export function bridgeAddress(index: number): string {
  return `10.212.${100 + index}.1/24`;
}

/** Makes the namespace with this index; one of that name must have been removed before. */
export async function createNamespace(index: number): Promise<Namespace> {
  const { name, link, inside, hostAddress, address, rules } = plan(index);
  rememberForwarding();
  await must(['ip', 'netns', 'add', name]);
  await must(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', inside, 'netns', name]);
  await must(['ip', 'addr', 'add', `${hostAddress}/30`, 'dev', link]);
  await must(['ip', 'link', 'set', link, 'up']);
  await must(['ip', '-n', name, 'addr', 'add', `${address}/30`, 'dev', inside]);
  await must(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
  await must(['ip', '-n', name, 'link', 'set', inside, 'up']);
  await must(['ip', '-n', name, 'route', 'add', 'default', 'via', hostAddress]);
  for (const { table, chain, rule } of rules) await must(['iptables', '-w', '-t', table, '-I', chain, '1', ...rule]);
  writeFileSync(forwardFile, '1');
  const file = `/var/run/netns/${name}`;
  return { name, file, enter: ['nsenter', `--net=${file}`] };
}

/** Ends what runs inside and takes away namespace, link and rules; also after a run that was killed half-way. */
export async function removeNamespace(index: number): Promise<void> {
  const { name, link, rules } = plan(index);
  if (existsSync(`/var/run/netns/${name}`)) {
    await endProcessesOf(name);
    await run(['ip', 'netns', 'delete', name], { timeoutMs: 10_000 });
  }
  if (existsSync(`/sys/class/net/${link}`)) await run(['ip', 'link', 'delete', link], { timeoutMs: 10_000 });
  for (const { table, chain, rule } of rules) {
    for (let i = 0; i < 20; i++) {
      const removed = await run(['iptables', '-w', '-t', table, '-D', chain, ...rule], { timeoutMs: 10_000 });
      if (removed.code !== 0) break;
    }
  }
  restoreForwarding();
}

async function endProcessesOf(name: string): Promise<void> {
  for (let round = 0; round < 20; round++) {
    const listed = await run(['ip', 'netns', 'pids', name], { timeoutMs: 10_000 });
    const pids = listed.output.split(/\s+/).filter((word) => /^\d+$/.test(word));
    if (pids.length === 0) return;
    for (const pid of pids) kill(Number(pid), round < 10 ? 'SIGTERM' : 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Sends a signal to a process that may be gone by now. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone is what we wanted.
  }
}

function rememberForwarding(): void {
  mkdirSync(stateFolder, { recursive: true });
  if (!existsSync(forwardBefore)) writeFileSync(forwardBefore, readFileSync(forwardFile));
}

function restoreForwarding(): void {
  const others = existsSync('/var/run/netns') && readdirSync('/var/run/netns').some((name) => name.startsWith(prefix));
  if (others || !existsSync(forwardBefore)) return;
  writeFileSync(forwardFile, readFileSync(forwardBefore, 'utf8').trim());
  rmSync(forwardBefore);
}
