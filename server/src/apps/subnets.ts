/** The pool of addresses in /26s, by number; and which of them nobody on the engine has. */
import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Engine } from '../adapters/engine/contract.ts';
import { blockAround, contains, formatAddress, overlaps } from '../platform/cidr.ts';
import { sleep } from '../platform/wait.ts';

const subnetBits = 26;
const subnetSize = 2 ** (32 - subnetBits);

/** How many /26 a pool holds. */
export function subnetCount(pool: string): number {
  return Math.floor(blockAround(pool).size / subnetSize);
}

/** First and last address by what it is for. */
const places = { replicas: [2, 31], support: [32, 47] } as const;

/** Containers that one app has room for at any time: half of its replicas, as a deploy has those of two releases. */
export const room = {
  replicas: Math.floor((places.replicas[1] - places.replicas[0] + 1) / 2),
  support: places.support[1] - places.support[0] + 1,
};

/**
 * Addresses of the n-th /26 of the pool. What an address is for is told by its last six bits, see the firewall port:
 * .1 gateway, .2–.31 replicas, .32–.47 support containers, .48–.62 shared services.
 */
export function subnetOf(pool: string, index: number) {
  const start = blockAround(pool).base + index * subnetSize;
  return {
    subnet: `${formatAddress(start)}/${subnetBits}`,
    /** The lower half: where the engine may pick by itself. */
    range: `${formatAddress(start)}/27`,
    replicas: addresses(start, ...places.replicas),
    support: addresses(start, ...places.support),
    services: addresses(start, 48, 62),
  };
}

function addresses(start: number, first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, n) => formatAddress(start + first + n));
}

/**
 * Numbers of the /26s of the pool in which some network of the engine has addresses, whoever made it, or to which this
 * machine has a route for another reason: a tunnel, a virtual machine, a bridge that somebody left. Engines let a network
 * stand beside such a one, and then it is chance who is reached.
 */
export async function takenSubnets(engine: Engine, pool: string, signal?: AbortSignal): Promise<number[]> {
  const [engines, routes] = await Promise.all([
    engine.usedSubnets(signal ? { signal } : {}),
    // Linux tells; elsewhere the engine runs on another machine.
    readFile('/proc/net/route', 'utf8').catch(() => ''),
  ]);
  return overlapping(pool, [...engines, ...routedBlocks(pool, routes)]);
}

/**
 * IPv4 blocks of a routing table as `/proc/net/route` has it (proc(5): addresses are hexadecimal in the machine's byte
 * order), but for those that hold the whole pool: over them a more exact route wins, as every network of an engine has. Pure.
 */
export function routedBlocks(pool: string, table: string): string[] {
  const whole = blockAround(pool);
  return table
    .split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([, destination = '', , , , , , mask = '']) =>
      /^[0-9A-F]{8}$/.test(destination) && /^[0-9A-F]{8}$/.test(mask) ? [block(destination, mask)] : [],
    )
    .filter((cidr) => !contains(blockAround(cidr), whole));
}

function block(destination: string, mask: string): string {
  const number = (text: string) => (endianness() === 'LE' ? swapped(text) : Number.parseInt(text, 16));
  return `${formatAddress(number(destination))}/${Math.clz32(~number(mask))}`;
}

function swapped(text: string): number {
  return Buffer.from(text, 'hex').readUInt32LE();
}

/** Numbers of the /26s of the pool that share an address with one of the blocks. Pure. */
export function overlapping(pool: string, blocks: readonly string[]): number[] {
  const whole = blockAround(pool);
  const taken = new Set<number>();
  for (const text of blocks) {
    const block = blockAround(text);
    if (!overlaps(whole, block)) continue;
    const first = Math.max(0, Math.floor((block.base - whole.base) / subnetSize));
    const end = Math.min(subnetCount(pool), Math.ceil((block.base + block.size - whole.base) / subnetSize));
    for (let index = first; index < end; index += 1) taken.add(index);
  }
  return [...taken].sort((a, b) => a - b);
}

/** How often somebody else may be faster before it is told. */
export const subnetTries = 8;
/** Longest pause before another try, milliseconds: so long an engine may keep a new network to itself. */
const longestPauseMs = 400;

/**
 * True when making the network failed for its addresses, after a pause of random length: somebody took them since they
 * were looked at. An engine gives addresses away before it lists the network that got them, so that what is told of
 * is not asked for again: `conflict`, and no network of that name.
 */
export async function wasTaken(engine: Engine, name: string, error: unknown, signal: AbortSignal): Promise<boolean> {
  if (!(error instanceof ProblemError) || error.problem.code !== 'conflict') return false;
  if ((await engine.listNetworks({ signal })).some((network) => network.name === name)) return false;
  await sleep(randomInt(1, longestPauseMs), signal);
  return true;
}
