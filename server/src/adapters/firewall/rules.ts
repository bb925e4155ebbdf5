/**
 * The network matrix as rules, pure. Written exactly as `iptables -S` prints them, so that what is there can be
 * compared with what should be.
 *
 * An app network is a /26: the last six bits of an address say what it is. Masks with holes pick those bits in any
 * network of the pool, so the rules are as many for ten thousand apps as for one. App networks have no IPv6, and the
 * engine switches it off inside such containers: there is nothing to filter by ip6tables.
 */
import { ProblemError } from 'minicloud-shared/model/problem';
import { type Cidr, formatAddress, hasAddress, parseCidr } from '../../platform/cidr.ts';
import type { FirewallPolicy, ServicePolicy } from './contract.ts';

export interface Chains {
  /** What passes through this machine. */
  forward: string;
  /** What is for this machine itself. */
  input: string;
}

/** A network of an app has this many bits; smaller pools can't hold one. */
const networkPrefix = 26;
const linkLocal = '169.254.0.0/16';
const mostPorts = 15;
/** How the engines name the bridge of a network that asks for no name of its own. */
const bridges = { docker: 'br-+', podman: 'podman+' };
const answers = '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN';

/** Chains of an installation: eight letters tell two installations on one machine apart. */
export function chainNames(installation: string): Chains {
  const id = installation.replace(/[^a-zA-Z0-9]/g, '').slice(0, 8);
  if (id.length < 4) throw invalid('installation', `"${installation}" has too few letters to name a chain after it.`);
  return { forward: `MC-${id}-FWD`, input: `MC-${id}-IN` };
}

/** Every rule of both chains, in order. Throws `invalid_input` for a pool or ports that can't be. */
export function firewallRules(policy: FirewallPolicy, { forward, input }: Chains): string[] {
  const pool = readPool(policy.pool);
  const ports = readPorts(policy.publicPorts ?? []);
  const whole = `${formatAddress(pool.base)}/${pool.prefix}`;
  // Bit 5 is set for what is not an app; bit 4 then tells services from support containers.
  const apps = masked(pool, 0b000000, 0b100000);
  const support = masked(pool, 0b100000, 0b110000);
  const services = masked(pool, 0b110000, 0b110000);
  const refused = readAddresses(pool, policy.internet?.refused ?? []);
  const allowed = readAddresses(pool, policy.internet?.allowed ?? []);
  return [
    // Before the answers: what it connected to while there was no rule ends, too.
    ...refused.flatMap((address) => refuse(forward, `-s ${address}/32 ! -d ${whole}`)),
    `-A ${forward} ${answers}`,
    ...refuse(forward, `-s ${whole} -d ${linkLocal}`),
    // A shared server answers and never asks: whoever takes it over gets no further.
    ...refuse(forward, `-s ${services}`),
    ...refuse(forward, `-s ${support} -d ${services}`),
    // No port of an app is published: from outside it is reached through the proxy alone. Only on the way to a bridge
    // of the engine: a LAN or VPN may have addresses of the pool, too.
    ...refuse(forward, `! -s ${whole} -d ${whole} -o ${policy.resolverAtGateway ? bridges.podman : bridges.docker}`),
    // Between networks; inside one, packets are bridged. The engine refuses this too, if it is Docker.
    ...refuse(forward, `-s ${whole} -d ${whole}`, '-m physdev ! --physdev-is-bridged'),
    ...(policy.services ? serviceRules(forward, services, policy.services) : []),
    `-A ${forward} -s ${support} -d ${whole} -j RETURN`,
    // Whatever was refused above stays so: these are support containers' addresses, on their way out of the pool.
    ...allowed.map((address) => `-A ${forward} -s ${address}/32 -j RETURN`),
    ...refuse(forward, `-s ${support}`),
    `-A ${input} ${answers}`,
    // The machine asks itself, from the address of a gateway: no container's packet comes that way.
    `-A ${input} -i lo -j RETURN`,
    ...(ports.length > 0 ? [`-A ${input} -s ${apps} -p tcp -m multiport --dports ${ports.join(',')} -j RETURN`] : []),
    ...(policy.resolverAtGateway ? resolverRules(input, pool, [apps, support]) : []),
    ...refuse(input, `-s ${whole}`),
  ];
}

/**
 * A service has an address of its own in every app network: counting by it, whole, counts one app at one service,
 * whatever address the app's packets claim to come from. One rule for any number of apps.
 */
function serviceRules(chain: string, services: string, { ports, connectionsEach }: ServicePolicy): string[] {
  if (!Number.isInteger(connectionsEach) || connectionsEach < 1 || ports.length === 0)
    throw invalid('services', `${connectionsEach} connections to ${ports.length} ports can not be.`);
  const asked = `-A ${chain} -d ${services} -p tcp -m multiport --dports ${readPorts(ports).join(',')}`;
  return [
    `${asked} -m connlimit --connlimit-above ${connectionsEach} --connlimit-mask 32 --connlimit-daddr -j REJECT --reject-with tcp-reset`,
    `${asked} -j RETURN`,
    ...refuse(chain, `-d ${services}`),
  ];
}

/** The gateway is the first address of every network. Whom it answers about is decided by who asks. */
function resolverRules(chain: string, pool: Cidr, askers: readonly string[]): string[] {
  const gateways = masked(pool, 0b000001, 0b111111);
  return askers.flatMap((asker) =>
    ['tcp', 'udp'].map(
      (protocol) => `-A ${chain} -s ${asker} -d ${gateways} -p ${protocol} -m ${protocol} --dport 53 -j RETURN`,
    ),
  );
}

/** TCP gets a reset, which ends a try at once; the kernel sends the other answer so rarely that programs would hang. */
function refuse(chain: string, addresses: string, match = ''): string[] {
  const extra = match && ` ${match}`;
  return [
    `-A ${chain} ${addresses} -p tcp${extra} -j REJECT --reject-with tcp-reset`,
    `-A ${chain} ${addresses}${extra} -j REJECT --reject-with icmp-port-unreachable`,
  ];
}

function masked(pool: Cidr, value: number, bits: number): string {
  const prefixMask = pool.prefix === 0 ? 0 : (0xffffffff << (32 - pool.prefix)) >>> 0;
  return `${formatAddress(pool.base + value)}/${formatAddress((prefixMask | bits) >>> 0)}`;
}

function readPool(text: string): Cidr {
  try {
    const pool = parseCidr(text);
    if (pool.prefix < 8 || pool.prefix > networkPrefix) {
      throw new RangeError(`a pool has 8 to ${networkPrefix} bits: ${text}`);
    }
    return pool;
  } catch (error) {
    throw invalid('pool', error instanceof Error ? error.message : String(error));
  }
}

/** Each once, in an order that does not depend on who tells them. */
function readAddresses(pool: Cidr, addresses: readonly string[]): string[] {
  const outside = addresses.find((address) => !hasAddress(pool, address));
  if (outside !== undefined) throw invalid('internet', `"${outside}" is no address of the pool.`);
  return [...new Set(addresses)].sort();
}

/** Sorted, as `iptables -S` prints them. */
function readPorts(ports: readonly number[]): number[] {
  const sorted = [...new Set(ports)].sort((a, b) => a - b);
  const valid =
    sorted.length <= mostPorts && sorted.every((port) => Number.isInteger(port) && port > 0 && port < 65_536);
  if (!valid) throw invalid('public ports', `${ports.join(', ')} are not at most ${mostPorts} ports.`);
  return sorted;
}

function invalid(object: string, why: string): ProblemError {
  return new ProblemError({
    code: 'invalid_input',
    what: 'The firewall can not be set up like this',
    object: `firewall ${object}`,
    why,
    still: 'Nothing was changed.',
    remedy: 'Correct the settings of the server.',
  });
}
