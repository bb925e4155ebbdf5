/** Who listens on a port of this machine, from the kernel's tables: needs no rights, and names the program when it may. */
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface PortHolder {
  pid?: number;
  program?: string;
}

const listening = '0A';

/** undefined when the port is free at that address. The program is known to its owner and to root only. */
export async function portHolder(port: number, bindAddress: string): Promise<PortHolder | undefined> {
  const wanted = bindAddress === '*' ? undefined : addressBytes(bindAddress);
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'latin1').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const [address = '', hexPort = ''] = local.split(':');
      if (state !== listening || Number.parseInt(hexPort, 16) !== port) continue;
      if (wanted && !/^0+$/.test(address) && !wanted.includes(address)) continue;
      return await holderOf(inode);
    }
  }
  return undefined;
}

/** The forms in which the kernel prints an address; empty for one that is not IPv4, which then matches any. */
function addressBytes(address: string): string[] | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || address === '0.0.0.0') return undefined;
  const hex = parts
    .reverse()
    .map((part) => part.toString(16).padStart(2, '0').toUpperCase())
    .join('');
  return [hex, `0000000000000000FFFF0000${hex}`];
}

async function holderOf(inode: string): Promise<PortHolder> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const folder = `/proc/${pid}/fd`;
    for (const file of await readdir(folder).catch(() => [])) {
      const target = await readlink(`${folder}/${file}`).catch(() => '');
      if (target !== `socket:[${inode}]`) continue;
      const program = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
      return { pid: Number(pid), program: program.trim() };
    }
  }
  return {};
}
