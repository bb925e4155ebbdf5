/** Debian packages that the suites need beyond Node, and what each is for. Installed as root when they are missing. */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { installPackages } from '../../server/src/platform/apt.ts';
import { run } from './process.ts';
import type { Need } from './suites.ts';

export interface DebianPackage {
  name: string;
  why: string;
  /** Needs of suites that call for it. */
  for: readonly Need[];
  /** A program that shows it is there, also where it came from somewhere else than apt. */
  program?: string;
}

export const packages: readonly DebianPackage[] = [
  { name: 'docker.io', why: 'the engine under test', for: ['engine'], program: 'dockerd' },
  {
    name: 'iptables',
    why: 'network address translation of the test namespace, and the firewall adapter',
    for: ['engine', 'podman'],
    program: 'iptables',
  },
  { name: 'iproute2', why: 'makes the network namespace', for: ['engine', 'podman'], program: 'ip' },
  { name: 'util-linux', why: 'nsenter and umount', for: ['engine', 'podman'], program: 'nsenter' },
  {
    name: 'mmdebstrap',
    why: 'makes the base image where no registry is reached',
    for: ['engine', 'podman'],
    program: 'mmdebstrap',
  },
  { name: 'debian-archive-keyring', why: 'mmdebstrap checks signatures with it', for: ['engine', 'podman'] },
  {
    name: 'docker-registry',
    why: 'a real registry for pulls, digests and their failures',
    for: ['engine'],
    program: 'docker-registry',
  },
  { name: 'openssl', why: 'certificates for the TLS suites', for: ['engine'], program: 'openssl' },
  { name: 'podman', why: 'the other engine under test', for: ['podman'], program: 'podman' },
  { name: 'runc', why: "runs Podman's containers", for: ['podman'], program: 'runc' },
  { name: 'netavark', why: "makes Podman's networks", for: ['podman'] },
  { name: 'aardvark-dns', why: 'answers names inside them', for: ['podman'] },
  { name: 'catatonit', why: "the init of Podman's containers", for: ['podman'], program: 'catatonit' },
  { name: 'chromium', why: 'shows VS Code and the pages of apps', for: ['browser'], program: 'chromium' },
  { name: 'fonts-dejavu-core', why: 'text on screenshots', for: ['browser'] },
  { name: 'build-essential', why: 'builds the native modules of code-server', for: ['browser'], program: 'g++' },
  { name: 'python3', why: 'node-gyp runs on it', for: ['browser'], program: 'python3' },
  { name: 'pkg-config', why: 'finds the two libraries below', for: ['browser'], program: 'pkg-config' },
  { name: 'libkrb5-dev', why: 'kerberos module of code-server', for: ['browser'] },
  { name: 'libsecret-1-dev', why: 'secret storage module of code-server', for: ['browser'] },
  { name: 'wrk', why: 'load for the benchmarks', for: ['load'], program: 'wrk' },
];

/** Installs what is missing for these needs; an error that says what to do where that is not possible. */
export async function ensurePackages(needs: readonly Need[], say: (line: string) => void): Promise<void> {
  const wanted = packages.filter((entry) => entry.for.some((need) => needs.includes(need)));
  const missing: DebianPackage[] = [];
  for (const entry of wanted) if (!(await present(entry))) missing.push(entry);
  if (missing.length === 0) return;
  const names = missing.map((entry) => entry.name);
  if (process.getuid?.() !== 0)
    throw new Error(`These Debian packages are missing: install them with apt-get as root: ${names.join(' ')}`);
  for (const entry of missing) say(`installing ${entry.name}: ${entry.why}`);
  await installPackages(names, { say });
}

async function present(entry: DebianPackage): Promise<boolean> {
  if (entry.program) return onPath(entry.program);
  const answer = await run(['dpkg', '-s', entry.name], { timeoutMs: 10_000 });
  return answer.code === 0 && answer.output.includes('Status: install ok installed');
}

function onPath(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin', '/usr/bin'];
  return folders.some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
