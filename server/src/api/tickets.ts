/**
 * Tickets: what opens one socket, once, within half a minute. Kept in memory as hashes; a ticket is worth nothing to
 * the next companion, nor without the token that it was asked for with.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Token } from 'minicloud-shared/model/access';
import { ProblemError } from 'minicloud-shared/model/problem';
import { socketPaths, type Ticket } from 'minicloud-shared/model/socket';
import type { Cloud } from '../context.ts';
import type { ForwardGrant } from '../forwards/forwards.ts';
import type { TerminalGrant } from '../terminals/terminals.ts';

export type Grant = { kind: 'terminal'; grant: TerminalGrant } | { kind: 'forward'; grant: ForwardGrant };
export type Redeemed = Grant & { token: Token };

const validMs = 30_000;
const most = 2000;
const mostOfToken = 500;

type Kept = Redeemed & { expiresAt: number };
const keptTickets = new WeakMap<Cloud, Map<string, Kept>>();

function keptOf(cloud: Cloud): Map<string, Kept> {
  const kept = keptTickets.get(cloud) ?? new Map<string, Kept>();
  keptTickets.set(cloud, kept);
  const now = cloud.clock.now();
  for (const [key, { expiresAt }] of kept) if (expiresAt <= now) kept.delete(key);
  return kept;
}

/** Throws `rate_limited` when too many wait to be used. */
export function issueTicket(cloud: Cloud, token: Token, grant: Grant): Ticket {
  const kept = keptOf(cloud);
  const ofToken = [...kept.values()].filter((ticket) => ticket.token.id === token.id).length;
  if (kept.size >= most || ofToken >= mostOfToken) {
    throw new ProblemError({
      code: 'rate_limited',
      what: 'Too many sockets were asked for and not opened',
      object: `token ${token.name}`,
      why: `At most ${mostOfToken} tickets of a token wait at once.`,
      still: 'What is open goes on.',
      remedy: `Try again in ${validMs / 1000} seconds.`,
    });
  }
  const ticket = randomBytes(32).toString('base64url');
  const expiresAt = cloud.clock.now() + validMs;
  kept.set(hashed(ticket), { ...grant, token, expiresAt });
  return { ticket, path: socketPaths[grant.kind], expiresAt };
}

/** What the ticket is for; undefined for one that was used, is too old, for another path, or never was. */
export function redeemTicket(cloud: Cloud, path: string, ticket: string): Redeemed | undefined {
  const kept = keptOf(cloud);
  const found = kept.get(hashed(ticket));
  if (!found || socketPaths[found.kind] !== path) return undefined;
  kept.delete(hashed(ticket));
  return found;
}

function hashed(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64');
}
