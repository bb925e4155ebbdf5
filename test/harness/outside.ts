/** What lies beyond a machine: a network namespace behind this one, so that packets to its addresses are forwarded. */
import assert from 'node:assert/strict';
import { runCommand } from '../../server/src/platform/exec.ts';
import { poll } from '../../server/src/platform/wait.ts';

export interface Outside {
  /** argv before a command that is to run out there. */
  within: string[];
  /** This machine's address as it is seen from there. */
  near: string;
  remove(): Promise<void>;
}

/**
 * Makes it, with a listener that answers `ok` at the port of each address. `link` is a /30 that nobody has:
 * `10.214.255.0`. Two at a time differ in `link`.
 */
export async function startOutside(options: { link: string; addresses: string[]; port: number }): Promise<Outside> {
  const { link, addresses, port } = options;
  const [first, second, third, last] = link.split('.').map(Number);
  const at = (host: number) => `${first}.${second}.${third}.${(last ?? 0) + host}`;
  const [near, far] = [at(1), at(2)];
  const id = `${process.pid}-${(third ?? 0) * 256 + (last ?? 0)}`;
  const [namespace, device] = [`mcout-${id}`, `mcv${id}`.slice(0, 15)];
  const within = ['nsenter', `--net=/var/run/netns/${namespace}`];
  const listener = new AbortController();
  for (const command of [
    ['ip', 'netns', 'add', namespace],
    ['ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace],
    ['ip', 'address', 'add', `${near}/30`, 'dev', device],
    ['ip', 'link', 'set', device, 'up'],
    [...within, 'ip', 'link', 'set', 'lo', 'up'],
    [...within, 'ip', 'address', 'add', `${far}/30`, 'dev', 'eth0'],
    ...addresses.map((address) => [...within, 'ip', 'address', 'add', `${address}/32`, 'dev', 'lo']),
    [...within, 'ip', 'link', 'set', 'eth0', 'up'],
    [...within, 'ip', 'route', 'add', 'default', 'via', near],
    ...addresses.map((address) => ['ip', 'route', 'replace', `${address}/32`, 'via', far]),
  ]) {
    const { exitCode, stderr } = await runCommand(command);
    assert.equal(exitCode, 0, `${command.join(' ')}: ${stderr}`);
  }
  const script = `require('node:net').createServer((c) => c.on("error", () => {}).end('ok\\n')).listen(${port}, '0.0.0.0')`;
  const signal = listener.signal;
  runCommand([...within, process.execPath, '-e', script], { signal, timeoutMs: 600_000 }).catch(() => {});
  const alive = async () => {
    const ask = `exec 3<>/dev/tcp/${addresses[0]}/${port}`;
    return (await runCommand(['timeout', '2', 'bash', '-c', ask])).exitCode === 0 || undefined;
  };
  assert.ok(await poll(alive, { firstMs: 50, mostMs: 300, deadlineMs: 20_000 }), 'the listener outside did not start');
  return {
    within,
    near,
    async remove() {
      listener.abort();
      await runCommand(['ip', 'netns', 'delete', namespace]);
      await runCommand(['ip', 'link', 'delete', device]);
    },
  };
}

/** A program for Node that prints `yes` when it gets a connection, else `no`. */
export function connects(host: string, port: number): string {
  return `
const socket = require('node:net').connect(${port}, ${JSON.stringify(host)});
const end = (word) => { process.stdout.write(word); process.exit(0); };
socket.setTimeout(4000, () => end('no'));
socket.on('connect', () => end('yes'));
socket.on('error', () => end('no'));
`;
}
