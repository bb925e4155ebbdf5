/** Numbers with their units, as a person goes on typing them. */
import type { PathDescription } from 'minicloud-shared/manifest/describe';
import { durationUnits, sizeUnits } from 'minicloud-shared/manifest/units';
import type { Candidate } from './candidates.ts';
import { explainScalar } from './explain.ts';

const unitsOf: Partial<Record<string, readonly string[]>> = {
  'manifest/size': Object.keys(sizeUnits).filter((unit) => unit !== 'B' && unit !== 'KB' && unit !== 'kiB'),
  'manifest/duration': Object.keys(durationUnits),
  'manifest/percent': ['%'],
};

/** Kinds of values of which the schema's default and examples are worth offering. */
const exemplary = ['manifest/port-range', 'manifest/cpus', 'manifest/route-path', 'manifest/env-name'];

/** What a number that was begun may become, within its bounds; without one the default and the examples. */
export function unitsAt(
  rule: { code: string; accepts(value: string | number): boolean },
  head: string,
  described: PathDescription,
): Candidate[] {
  const units = unitsOf[rule.code];
  const number = /^\d+(\.\d+)?/.exec(head)?.[0];
  if (units && number !== undefined) {
    return units
      .map((unit) => `${number}${unit}`)
      .filter((text) => rule.accepts(text))
      .map((text) => ({ text, detail: explainScalar(rule.code, text)[0] ?? '', kind: 'word' }));
  }
  if (!units && !exemplary.includes(rule.code)) return [];
  const fallback = described.default;
  const given = [fallback, ...(described.examples ?? [])].filter(
    (value): value is string | number =>
      (typeof value === 'string' || typeof value === 'number') && rule.accepts(value),
  );
  return [...new Set(given)].map((value) => ({
    text: String(value),
    detail: value === fallback ? 'default' : 'example',
    kind: 'word',
    bare: typeof value === 'number',
  }));
}
