/** What Docker and Podman want said or tell differently, as data: the calls themselves are the same. */
import { readFile } from 'node:fs/promises';

export interface Ulimit {
  Name: string;
  Soft: number;
  Hard: number;
}

export interface Dialect {
  kind: 'docker' | 'podman';
  /** Limits of every container whose spec says no other. */
  ulimits: readonly Ulimit[];
  /** The address that a container asked for in a network is told apart from the one that it was given. */
  tellsAskedAddress: boolean;
  /** A link address is made of the network address, so that who takes an address over is found at once. */
  derivesLinkAddress: boolean;
  /** What a network is removed by. Podman looks for containers in it by the word that it was given, and compares names. */
  networkKey: 'Id' | 'Name';
  /** Parts of earlier builds can be taken again. Podman takes those that were made with other build arguments, too. */
  buildCache: boolean;
  /** Exit codes with which the init ends when it could not execute the program; its log tells more. */
  initFailures: readonly number[];
  /** A container that took more memory than it may says so, however it ended. */
  tellsOutOfMemory: boolean;
}

export const dockerDialect: Dialect = {
  kind: 'docker',
  ulimits: [],
  tellsAskedAddress: true,
  derivesLinkAddress: true,
  networkKey: 'Id',
  buildCache: true,
  initFailures: [2, 126, 127],
  tellsOutOfMemory: true,
};

/** The kernel's highest value of what Podman's service gives itself when it may. */
const mostOpenFiles = 1_048_576;

/**
 * Podman sets limits that nobody asked for, of 4,194,304 processes and 1,048,576 files, and the kernel refuses them to
 * who may not raise their own. The most that Podman's service has itself is said instead: it lowers its own to the
 * kernel's highest process number. Docker sets none, and would count the processes of all containers of a user by it.
 */
export async function podmanDialect(
  read: (file: string) => Promise<string> = (file) => readFile(file, 'utf8'),
): Promise<Dialect> {
  const text = (file: string) => read(file).catch(() => '');
  const limits = await text('/proc/self/limits');
  const highest = Number(await text('/proc/sys/kernel/pid_max'));
  return {
    kind: 'podman',
    ulimits: [
      ...ulimit('nproc', [hardLimit(limits, 'Max processes'), highest]),
      ...ulimit('nofile', [hardLimit(limits, 'Max open files'), mostOpenFiles]),
    ],
    tellsAskedAddress: false,
    // Without that, whoever has talked to the one before finds nobody there for up to half a minute.
    derivesLinkAddress: false,
    networkKey: 'Name',
    buildCache: false,
    initFailures: [...dockerDialect.initFailures, 1],
    // 4.3 has its helper write that down where nobody looks.
    tellsOutOfMemory: false,
  };
}

function ulimit(name: string, most: number[]): Ulimit[] {
  const known = most.filter((value) => value > 0);
  const value = Math.min(...known);
  return known.length === 0 ? [] : [{ Name: name, Soft: value, Hard: value }];
}

/** Second number of a line of `/proc/PID/limits` (proc_pid_limits(5)); not a number for "unlimited". */
function hardLimit(limits: string, name: string): number {
  const [, hard] = new RegExp(`^${name}\\s+\\S+\\s+(\\d+)\\s`, 'm').exec(limits) ?? [];
  return Number(hard);
}

/** What is asked for in a network: the address, and where the engine does not make one of it, the link address. */
export function endpointAddress(
  address: string | undefined,
  { derivesLinkAddress }: Pick<Dialect, 'derivesLinkAddress'>,
): { IPAMConfig?: { IPv4Address: string }; MacAddress?: string } {
  if (!address) return {};
  const hex = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return {
    IPAMConfig: { IPv4Address: address },
    // As Docker makes it: 02 says "given by hand" (IEEE 802), the rest tells two networks of one machine apart.
    ...(!derivesLinkAddress && { MacAddress: ['02', '42', ...hex].join(':') }),
  };
}
