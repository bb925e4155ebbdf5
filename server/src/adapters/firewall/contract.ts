/**
 * The firewall port: who may reach whom, beyond what the engine's networks already separate.
 *
 * Every app network is a /26 of the pool. Its addresses say what an endpoint is, so that a handful of masked rules
 * serve any number of apps: .1 gateway, .2–.31 app replicas, .32–.47 support containers, .48–.62 shared services. Only
 * who differs from that about the internet has rules of its own. See the network matrix in `server/ARCHITECTURE.md`; `apply` is idempotent and survives the tables being
 * emptied or rewritten because the companion verifies every minute, and after every engine start.
 */
export interface FirewallPolicy {
  /** CIDR of all app networks together. */
  pool: string;
  /** TCP ports of this machine that everybody reaches, the proxy's: apps may call them as any visitor does. At most 15. */
  publicPorts?: number[];
  /** As Podman does it: this machine answers names at the gateway of each network, port 53, where apps may ask that. */
  resolverAtGateway?: boolean;
  /** IPv4 addresses of the pool whose way to the internet is not their role's. */
  internet?: InternetPolicy;
  /** How apps reach shared services; any way when not given. */
  services?: ServicePolicy;
}

export interface InternetPolicy {
  /** Of app containers that ask nothing outside the pool. */
  refused: string[];
  /** Of support containers that may. */
  allowed: string[];
}

export interface ServicePolicy {
  /** TCP ports at which apps reach them; nothing else of theirs is reached. At most 15. */
  ports: number[];
  /**
   * Most connections that all containers of one app together hold to one service, those before login included: the
   * server can't tell whose they are, and would let one app take every place. More get a reset.
   */
  connectionsEach: number;
}

export interface Verified {
  /** Every rule is in place and first. */
  ok: boolean;
  detail: string;
  /** Not one rule of this installation is there. */
  bare: boolean;
}

export interface Firewall {
  /** Makes the rules so. `not_available` with the reason when this machine can't. */
  apply(policy: FirewallPolicy, options?: { signal?: AbortSignal }): Promise<void>;
  verify(policy: FirewallPolicy, options?: { signal?: AbortSignal }): Promise<Verified>;
  remove(options?: { signal?: AbortSignal }): Promise<void>;
}
