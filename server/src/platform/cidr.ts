/** IPv4 blocks as numbers: what the engine, the firewall and the allocator of networks calculate with. */
import { isIPv4 } from 'node:net';

export interface Cidr {
  /** First address, as an unsigned 32 bit number. */
  base: number;
  prefix: number;
  /** Addresses in the block, the network's and the broadcast's included. */
  size: number;
}

/** `10.64.0.0/12` as numbers. Throws `RangeError` for anything else, also when bits are set behind the prefix. */
export function parseCidr(text: string): Cidr {
  const [address = '', prefixText = '', ...rest] = text.split('/');
  const prefix = Number(prefixText);
  if (rest.length > 0 || !/^\d{1,2}$/.test(prefixText) || prefix > 32) throw new RangeError(`not a CIDR: ${text}`);
  const base = parseAddress(address);
  const size = 2 ** (32 - prefix);
  if (base % size !== 0) throw new RangeError(`bits behind the prefix are set: ${text}`);
  return { base, prefix, size };
}

/** `10.64.0.1` as an unsigned number. Throws `RangeError`; leading zeros are refused because they read as octal elsewhere. */
export function parseAddress(text: string): number {
  const parts = text.split('.');
  if (parts.length !== 4) throw new RangeError(`not an IPv4 address: ${text}`);
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) throw new RangeError(`not an IPv4 address: ${text}`);
    value = value * 256 + Number(part);
  }
  return value;
}

/** The number of an address in dotted form. */
export function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** True when every address of `inner` is in `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  return inner.base >= outer.base && inner.base + inner.size <= outer.base + outer.size;
}

/** True when the text is an IPv4 address of the block; false for whatever else it is. */
export function hasAddress(block: Cidr, text: string): boolean {
  return isIPv4(text) && contains(block, parseCidr(`${text}/32`));
}

/** True when an address is in both. */
export function overlaps(one: Cidr, other: Cidr): boolean {
  return one.base < other.base + other.size && other.base < one.base + one.size;
}

/** As `parseCidr`, of what others wrote: an address inside a block stands for the block. */
export function blockAround(text: string): Cidr {
  const [address = '', prefix = ''] = text.split('/');
  const size = 2 ** (32 - Number(prefix));
  const base = parseAddress(address);
  return parseCidr(`${formatAddress(base - (base % size))}/${prefix}`);
}
