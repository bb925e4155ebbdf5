/** `test/bench/results.json`: what was measured, as an array for programs. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { BenchRow } from './row.ts';

/** Writes the rows; those of benchmarks that did not run this time stay when `keep` says so. */
export function writeResults(file: string, rows: readonly BenchRow[], keep: boolean): void {
  const merged = keep ? mergeRows(readResults(file), rows) : rows;
  writeFileSync(file, `${JSON.stringify(merged.map(complete), null, 2)}\n`);
}

/** A row of the same name is replaced where it stands; what is new comes behind. */
export function mergeRows(before: readonly BenchRow[], rows: readonly BenchRow[]): BenchRow[] {
  const measured = new Map(rows.map((row) => [row.name, row]));
  const known = new Set(before.map(({ name }) => name));
  return [...before.map((row) => measured.get(row.name) ?? row), ...rows.filter(({ name }) => !known.has(name))];
}

/** What is there, if it is such an array. */
function readResults(file: string): BenchRow[] {
  if (!existsSync(file)) return [];
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(found) ? (found as BenchRow[]) : [];
  } catch {
    return [];
  }
}

/** Every field in every row: null where a bar is absolute. */
function complete({ name, value, unit, reference, ratio, bar, ok }: BenchRow) {
  return { name, value, unit, reference: reference ?? null, ratio: ratio ?? null, bar, ok };
}
