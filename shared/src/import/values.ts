/** Reading values of any type out of other people's files, and fitting them to what a manifest accepts. */
import type * as z from 'zod';
import { scalarRules } from '../manifest/schema-scalars.ts';
import { formatBytes, formatDuration } from '../manifest/units.ts';

export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Entries of a map; none of anything else. */
export function entriesOf(value: unknown): [string, unknown][] {
  return isFields(value) ? Object.entries(value) : [];
}

/** A value of a map's own; never one of every object's. */
export function fieldOf(value: unknown, name: string): unknown {
  return isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Text of a string, a number or a boolean. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return (typeof value === 'number' && Number.isFinite(value)) ||
    typeof value === 'boolean' ||
    typeof value === 'bigint'
    ? String(value)
    : undefined;
}

/** The items of a list; anything else that is there is a list of one. */
export function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** Texts of a list; what is no text is left out. */
export function textsOf(value: unknown): string[] {
  return listOf(value).flatMap((item) => textOf(item) ?? []);
}

/** A map, or a list of `NAME=VALUE`. A name without a value has undefined. */
export function pairsOf(value: unknown): [name: string, value: unknown][] {
  if (isFields(value)) return Object.entries(value).map(([name, item]) => [name, item ?? undefined]);
  return textsOf(value).map((item) => {
    const at = item.indexOf('=');
    return at < 0 ? [item, undefined] : [item.slice(0, at), item.slice(at + 1)];
  });
}

/** `true`, `"true"`, `yes` and `1` in the ways they are written. */
export function isOn(value: unknown): boolean {
  return value === true || value === 1 || /^(true|yes|on|1)$/i.test(typeof value === 'string' ? value : '');
}

/** The value when the schema accepts it, what its rule suggests when it accepts that, else undefined. */
export function fit<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> | undefined {
  const accepted = schema.safeParse(value);
  if (accepted.success) return accepted.data;
  const text = typeof value === 'number' ? value : textOf(value);
  const suggested = text === undefined ? undefined : scalarRules.get(schema)?.suggest?.(text);
  const second = suggested === undefined ? undefined : schema.safeParse(suggested);
  return second?.success ? second.data : undefined;
}

const binaryUnits: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/**
 * A size of a manifest from one of Compose, whose units are powers of 1024 in every spelling: `1g`, `1gb`, `512M`, bytes.
 * https://github.com/compose-spec/compose-spec/blob/main/11-extension.md#specifying-byte-values
 */
export function sizeOf(value: unknown): string | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt]?)i?b?$/i.exec(textOf(value)?.trim() ?? '');
  const bytes = match ? Math.round(Number(match[1]) * (binaryUnits[(match[2] ?? '').toLowerCase()] ?? 1)) : 0;
  return bytes > 0 && Number.isSafeInteger(bytes) ? formatBytes(bytes) : undefined;
}

const durationUnits: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * A duration of a manifest from one of Compose: `30s`, `1m30s`, `1h5m30s20ms`.
 * https://github.com/compose-spec/compose-spec/blob/main/11-extension.md#specifying-durations
 */
export function durationOf(value: unknown): string | undefined {
  const text = textOf(value)?.trim() ?? '';
  if (!/^(\d{1,9}(\.\d{1,6})?(us|ms|s|m|h))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h)/g)];
  const total = parts.reduce((sum, [, number, unit]) => sum + Number(number) * (durationUnits[unit ?? ''] ?? 0), 0);
  return total >= 1 ? formatDuration(Math.round(total)) : undefined;
}

/** A path below a folder, without `./` and inner `.`; undefined when it is absolute or leads out of the folder. */
export function pathBelow(text: string): string | undefined {
  if (/^([/~\\]|[A-Za-z]:|[a-z+]+:\/\/)/.test(text) || text.includes('\u0000')) return undefined;
  const parts = text
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : parts.join('/');
}

/** The folder of a path that `pathBelow` accepted; empty at the top. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
