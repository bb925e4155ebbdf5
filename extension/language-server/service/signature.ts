/** The form of a value that is being written: units and what they are, the fields of a schedule, the words of a command. */
import { describePath, ruleAt } from 'minicloud-shared/manifest/describe';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { explainScalar, unitTable } from './explain.ts';
import { locateCursor } from './locate.ts';
import { timezoneOf } from './schedule.ts';

export interface Signature {
  label: string;
  documentation: string[];
  /** Parts of the label, by offsets in it, and what each is. */
  parameters: { span: readonly [start: number, end: number]; documentation: string }[];
  /** Which part the cursor is in. */
  active: number;
}

const forms: Partial<Record<string, (given: Given) => Signature | undefined>> = {
  'manifest/size': unit,
  'manifest/duration': unit,
  'manifest/schedule': schedule,
  'manifest/command': command,
};

interface Given {
  code: string;
  /** The whole value, and the part of it before the cursor. */
  value: string;
  head: string;
  example: string;
  moment: { now: number; timezone: string };
}

/** The form of the value at an offset; undefined where a value needs no help. `now` is for the next runs of a schedule. */
export function signature(document: ManifestDocument, offset: number, now: number): Signature | undefined {
  const { source } = document.context;
  const place = document.parsed ? locateCursor(source, offset) : undefined;
  const path = place?.value?.path;
  const rule = path && ruleAt(path);
  const form = rule && forms[rule.code];
  if (!place || !path || !form) return undefined;
  const { quote, head, span } = place;
  const inner = source.slice(span[0] + quote.length, span[1]);
  const value = quote && inner.endsWith(quote) ? inner.slice(0, -quote.length) : inner;
  const described = describePath(path);
  const example = String(described?.examples?.[0] ?? described?.default ?? '');
  return form({ code: rule.code, value, head, example, moment: { now, timezone: timezoneOf(document, path) } });
}

function unit({ code, value, head, example }: Given): Signature {
  const shown = /^[\d.]+[A-Za-z]+$/.test(value) ? value : code === 'manifest/size' ? '256MB' : '30s';
  const digits = /^[\d.]+/.exec(shown)?.[0].length ?? 0;
  const meaning = explainScalar(code, shown);
  const proposal = example && value === '' ? [`Example: ${example}`] : [];
  return {
    label: shown,
    documentation: [...(value === '' ? proposal : meaning), ...unitTable(code)],
    parameters: [
      { span: [0, digits], documentation: 'A number, fractions allowed' },
      { span: [digits, shown.length], documentation: 'A unit' },
    ],
    active: /^[\d.]+/.test(head) && !/^[\d.]*$/.test(head) ? 1 : 0,
  };
}

const fields = [
  'minute, 0–59',
  'hour, 0–23',
  'day of the month, 1–31',
  'month, 1–12 or JAN–DEC',
  'day of the week, 0–7 or SUN–SAT; 0 and 7 are Sunday',
];

function schedule({ code, value, head, moment }: Given): Signature {
  const written = value
    .trim()
    .split(/\s+/)
    .filter((part) => part !== '');
  const parts = fields.map((_, index) => written[index] ?? '*');
  let at = 0;
  const parameters = parts.map((part, index) => {
    const span = [at, at + part.length] as const;
    at = span[1] + 1;
    return { span, documentation: fields[index] ?? '' };
  });
  const begun = head.trimStart().split(/\s+/).length - 1;
  return {
    label: parts.join(' '),
    documentation: explainScalar(code, value, moment),
    parameters,
    active: Math.min(begun, fields.length - 1),
  };
}

function command({ code, value, head }: Given): Signature | undefined {
  const meaning = explainScalar(code, value);
  if (meaning.length === 0) return undefined;
  const words = [...value.matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/g)];
  const starts = words.map((word) => word.index);
  return {
    label: value,
    documentation: meaning,
    parameters: words.map((word, index) => ({
      span: [word.index, word.index + word[0].length] as const,
      documentation: index === 0 ? 'The program' : `Argument ${index}`,
    })),
    active: Math.max(0, starts.filter((start) => start <= head.length).length - 1),
  };
}
