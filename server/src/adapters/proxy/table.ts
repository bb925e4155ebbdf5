/**
 * The table as lines that the proxy takes: checked entry by entry, hashed, compared. Pure.
 *
 * A table of 10,000 routes differs from the one before in a few entries; what did not change is neither checked nor
 * hashed again, because reading a certificate costs a hundred times what comparing it does.
 */
import { createPrivateKey, hash as digest, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { appNamePattern } from 'minicloud-shared/model/app';
import type { ProxyCertificate, ProxyChallenge, ProxyRoute, ProxyTable } from './contract.ts';

export interface Refusal {
  host: string;
  why: string;
}

type Item =
  | { kind: 'route'; value: ProxyRoute }
  | { kind: 'certificate'; value: ProxyCertificate }
  | { kind: 'challenge'; value: ProxyChallenge };

interface Entry {
  /** A copy: the caller may change its own. */
  item: Item;
  /** What is sent and kept on disk. */
  line: string;
  /** First 128 bits of the SHA-256 of the line. */
  sum: Uint32Array;
  why?: string;
}

/** A table made ready: what to serve, what not, and its hash. */
export interface PreparedTable {
  hash: string;
  /** By key (`route HOST PATH`, `certificate HOST`, `challenge TOKEN`), the good ones. */
  entries: Map<string, Entry>;
  /** Keys of bad entries: the proxy keeps what it has for them. */
  kept: Set<string>;
  refused: Refusal[];
  /** All of them, to compare the next table with. */
  seen: Map<string, Entry>;
}

/** Checks and hashes a table; with the one before, only what differs from it. Never throws for what is in the table. */
export function prepareTable(table: ProxyTable, before?: PreparedTable): PreparedTable {
  const prepared: PreparedTable = {
    hash: '',
    entries: new Map(),
    kept: new Set(),
    refused: [],
    seen: new Map(),
  };
  const total = new Uint32Array(4);
  let duplicates = 0;
  for (const item of items(table)) {
    const key = keyOf(item);
    const first = prepared.seen.get(key);
    if (first) {
      duplicates += 1;
      add(total, sumOf(`duplicate ${duplicates} ${lineOf(item)}`));
      prepared.refused.push({ host: nameOf(item), why: duplicateReason(first.item) });
      continue;
    }
    const old = before?.seen.get(key);
    const entry = old && same(old.item, item) ? old : makeEntry(item);
    prepared.seen.set(key, entry);
    add(total, entry.sum);
    if (entry.why === undefined) {
      prepared.entries.set(key, entry);
      continue;
    }
    prepared.refused.push({ host: nameOf(item), why: entry.why });
    prepared.kept.add(key);
  }
  prepared.hash = Buffer.from(total.buffer).toString('hex');
  return prepared;
}

/** What is wrong with a table, entry by entry; the rest of it is served all the same. */
export function validateTable(table: ProxyTable): Refusal[] {
  return prepareTable(table).refused;
}

/** The same for the same entries in any order; different, for all practical purposes, for any other table. */
export function tableHash(table: ProxyTable): string {
  return prepareTable(table).hash;
}

/** Lines that bring a proxy from one table to another. Empty when both serve the same. */
export function tableDelta(before: PreparedTable, after: PreparedTable): string[] {
  const lines: string[] = [];
  for (const [key, entry] of after.entries) {
    if (before.entries.get(key)?.line !== entry.line || before.kept.has(key)) lines.push(entry.line);
  }
  for (const key of [...before.entries.keys(), ...before.kept]) {
    if (!after.entries.has(key) && !after.kept.has(key)) lines.push(JSON.stringify({ kind: 'delete', key }));
  }
  return lines;
}

/** Lines of a whole table, for a proxy whose own is not known. */
export function tableLines(table: PreparedTable): string[] {
  const lines = Array.from(table.entries.values(), (entry) => entry.line);
  for (const key of table.kept) lines.push(JSON.stringify({ kind: 'keep', key }));
  return lines;
}

function* items(table: ProxyTable): Generator<Item> {
  for (const value of table.routes) yield { kind: 'route', value };
  for (const value of table.certificates) yield { kind: 'certificate', value };
  for (const value of table.challenges) yield { kind: 'challenge', value };
}

function makeEntry(item: Item): Entry {
  const copy = structuredClone(item);
  const line = lineOf(copy);
  return { item: copy, line, sum: sumOf(line), why: wrong(copy) };
}

/** Only the keys of the contract, in one order: two objects that mean the same are the same line. */
function lineOf(item: Item): string {
  if (item.kind === 'certificate') {
    const { host, certificatePem, keyPem } = item.value;
    return JSON.stringify({ kind: item.kind, host, certificatePem, keyPem });
  }
  if (item.kind === 'challenge') {
    const { token, keyAuthorization } = item.value;
    return JSON.stringify({ kind: item.kind, token, keyAuthorization });
  }
  const { host, path, app, maxBodyBytes, timeoutMs, tls } = item.value;
  const targets = item.value.targets.map(({ address, weight, release }) => ({ address, weight, release }));
  return JSON.stringify({ kind: item.kind, host, path, app, targets, maxBodyBytes, timeoutMs, tls });
}

function keyOf(item: Item): string {
  if (item.kind === 'route') return `route ${item.value.host} ${item.value.path}`;
  return `${item.kind} ${nameOf(item)}`;
}

function nameOf(item: Item): string {
  return item.kind === 'challenge' ? item.value.token : item.value.host;
}

function same(a: Item, b: Item): boolean {
  if (a.kind === 'certificate' && b.kind === 'certificate') {
    return a.value.certificatePem === b.value.certificatePem && a.value.keyPem === b.value.keyPem;
  }
  if (a.kind === 'challenge' && b.kind === 'challenge') return a.value.keyAuthorization === b.value.keyAuthorization;
  return a.kind === 'route' && b.kind === 'route' && sameRoute(a.value, b.value);
}

function sameRoute(a: ProxyRoute, b: ProxyRoute): boolean {
  return (
    a.app === b.app &&
    a.maxBodyBytes === b.maxBodyBytes &&
    a.timeoutMs === b.timeoutMs &&
    a.tls === b.tls &&
    a.targets.length === b.targets.length &&
    a.targets.every((target, index) => {
      const other = b.targets[index];
      return target.address === other?.address && target.weight === other.weight && target.release === other.release;
    })
  );
}

function sumOf(line: string): Uint32Array {
  const bytes = digest('sha256', line, 'buffer');
  return Uint32Array.from([0, 4, 8, 12], (at) => bytes.readUInt32LE(at));
}

/** Exclusive or: the order does not matter, and equal entries are kept apart by their keys. */
function add(total: Uint32Array, sum: Uint32Array): void {
  for (let i = 0; i < total.length; i += 1) total[i] = (total[i] ?? 0) ^ (sum[i] ?? 0);
}

function duplicateReason(first: Item): string {
  if (first.kind === 'route') return `${first.value.path} is already routed to app ${first.value.app}`;
  return first.kind === 'certificate' ? 'has another certificate already' : 'has another answer already';
}

function wrong(item: Item): string | undefined {
  if (item.kind === 'route') return wrongRoute(item.value);
  if (item.kind === 'certificate') return wrongCertificate(item.value);
  if (!/^[A-Za-z0-9_-]{1,256}$/.test(item.value.token)) return 'is not the token of an ACME challenge';
  return /^[A-Za-z0-9_.-]{1,512}$/.test(item.value.keyAuthorization) ? undefined : 'has no usable key authorization';
}

function wrongRoute(route: ProxyRoute): string | undefined {
  if (!isHost(route.host)) return 'is not a host name: lower-case labels of a-z, 0-9 and -, or *.name';
  if (
    !/^\/[!-~]*$/.test(route.path) ||
    (route.path.length > 1 && route.path.endsWith('/')) ||
    route.path.length > 1024
  ) {
    return `has the path "${route.path.slice(0, 60)}"; a path is / or starts with / and does not end with it`;
  }
  if (!appNamePattern.test(route.app)) return `belongs to "${route.app.slice(0, 60)}", which is not the name of an app`;
  if (!isAmount(route.maxBodyBytes, 0)) return `has a largest body of ${route.maxBodyBytes} bytes`;
  if (!isAmount(route.timeoutMs, 1)) return `has a time-out of ${route.timeoutMs} ms`;
  for (const target of route.targets) {
    if (!isAddress(target.address)) return `has the target "${target.address.slice(0, 60)}", which is not address:port`;
    if (!isAmount(target.weight, 0)) return `has the weight ${target.weight} for ${target.address}`;
    if (!isAmount(target.release, 0)) return `has the release ${target.release} for ${target.address}`;
  }
  return undefined;
}

function wrongCertificate({ host, certificatePem, keyPem }: ProxyCertificate): string | undefined {
  if (!isHost(host)) return 'is not a host name: lower-case labels of a-z, 0-9 and -, or *.name';
  try {
    const key = createPrivateKey(keyPem);
    const leaf = new X509Certificate(certificatePem);
    return leaf.checkPrivateKey(key) ? undefined : 'has a certificate and a key that do not belong together';
  } catch {
    // The reason would quote key material in some versions of OpenSSL.
    return 'has a certificate or key that is not readable PEM';
  }
}

const labelPattern = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

function isHost(host: string): boolean {
  const name = host.startsWith('*.') ? host.slice(2) : host;
  return host.length <= 253 && name.split('.').every((label) => labelPattern.test(label));
}

function isAddress(address: string): boolean {
  const match = /^(?:([\d.]+)|\[([0-9a-f:.]+)\]):(\d{1,5})$/i.exec(address);
  if (!match) return false;
  const [, v4, v6, port] = match;
  return (v4 ? isIP(v4) === 4 : isIP(v6 ?? '') === 6) && Number(port) > 0 && Number(port) < 65_536;
}

function isAmount(value: number, least: number): boolean {
  return Number.isFinite(value) && value >= least && value < 1e15;
}
