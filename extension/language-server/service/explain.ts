/** What a single value says, spelled out: units in numbers, schedules in words, commands as the arguments they become. */
import { commandArgv, splitCommand } from 'minicloud-shared/manifest/command';
import { normalizeDomain } from 'minicloud-shared/manifest/domain';
import {
  durationPattern,
  durationUnits,
  formatDuration,
  parseDuration,
  parsePercent,
  parseSize,
  sizePattern,
  sizeUnits,
} from 'minicloud-shared/manifest/units';
import { readImage } from './image.ts';
import { momentText, nextRuns, scheduleWords } from './schedule.ts';

export interface Moment {
  /** Milliseconds since the epoch. */
  now: number;
  /** Time zone of the schedule. */
  timezone: string;
}

type Explain = (text: string, moment: Moment | undefined) => string[];

/** By the code of the rule that a value has to keep. */
const explanations: Partial<Record<string, Explain>> = {
  'manifest/size': size,
  'manifest/duration': duration,
  'manifest/percent': (text) => {
    const share = parsePercent(text);
    return share === undefined ? [] : [`${share} of 100 requests`];
  },
  'manifest/schedule': schedule,
  'manifest/command': command,
  'manifest/domain': (text) => {
    const name = normalizeDomain(text);
    if (!name.ok || name.name === text) return [];
    return [`Asked for as ${name.name}`];
  },
  'manifest/image': image,
};

/** Sentences about a value, the most important first; none for a value that breaks its rule. */
export function explainScalar(code: string, text: string, moment?: Moment): string[] {
  return explanations[code]?.(text, moment) ?? [];
}

/** The arguments of a command in either form, each as it is handed to the program. */
export function explainArguments(given: string | readonly (string | number | boolean)[]): string[] {
  const argv = commandArgv(given);
  return argv.length === 0 ? [] : [`Runs without a shell: ${argv.map((each) => JSON.stringify(each)).join(' ')}`];
}

const powers: Partial<Record<string, string>> = {
  kB: '10³',
  KB: '10³',
  MB: '10⁶',
  GB: '10⁹',
  TB: '10¹²',
  kiB: '2¹⁰',
  KiB: '2¹⁰',
  MiB: '2²⁰',
  GiB: '2³⁰',
  TiB: '2⁴⁰',
};

/** Every unit of a size or duration and what it is, for who is choosing one. */
export function unitTable(code: string): string[] {
  if (code === 'manifest/size') {
    const shown = Object.entries(sizeUnits).filter(([unit]) => powers[unit] && unit !== 'KB' && unit !== 'kiB');
    return shown.map(([unit, bytes]) => `${unit} = ${powers[unit]} = ${grouped(bytes)} bytes`);
  }
  if (code !== 'manifest/duration') return [];
  return Object.entries(durationUnits).map(([unit, milliseconds]) => `${unit} = ${spoken(milliseconds)}`);
}

function size(text: string): string[] {
  const bytes = parseSize(text);
  const [, number, unit = ''] = sizePattern.exec(text) ?? [];
  if (bytes === undefined) return [];
  const power = powers[unit] ? `${number} × ${powers[unit]} = ` : '';
  const binary = unit.includes('i');
  const other = binary ? ([1e6, 'MB'] as const) : ([2 ** 20, 'MiB'] as const);
  const converted = bytes / other[0];
  const beside = converted >= 0.01 ? ` (${grouped(Math.round(converted * 100) / 100)} ${other[1]})` : '';
  return [`${power}${grouped(bytes)} bytes${beside}`];
}

function duration(text: string): string[] {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || !durationPattern.test(text)) return [];
  const short = formatDuration(milliseconds);
  return [spoken(milliseconds) + (short === text ? '' : `, which is ${short}`)];
}

const spokenUnits: readonly [milliseconds: number, one: string][] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
  [1, 'millisecond'],
];

/** `1 minute 30 seconds` */
function spoken(milliseconds: number): string {
  const parts: string[] = [];
  let rest = milliseconds;
  for (const [size, one] of spokenUnits) {
    const times = Math.floor(rest / size);
    rest -= times * size;
    if (times > 0) parts.push(`${grouped(times)} ${one}${times === 1 ? '' : 's'}`);
  }
  return parts.length > 0 ? parts.join(' ') : 'no time at all';
}

function schedule(text: string, moment: Moment | undefined): string[] {
  const words = scheduleWords(text);
  if (words === undefined) return [];
  if (!moment) return [words];
  const next = nextRuns(text, moment.timezone, moment.now, 3).map((at) => momentText(at, moment.timezone));
  return [`${words} (${moment.timezone})`, ...(next.length > 0 ? [`Next: ${next.join('; ')}`] : [])];
}

function command(text: string): string[] {
  const split = splitCommand(text);
  return split.ok ? explainArguments(split.argv) : [];
}

function image(text: string): string[] {
  const parts = readImage(text);
  if (!parts) return [];
  const what = [`${parts.repository} from ${parts.registry}`];
  if (parts.digest) return [...what, 'Fixed by its digest: always the same image'];
  const tag = parts.tag ?? 'latest';
  return [
    ...what,
    `Tag ${tag}${parts.tag ? '' : ', because none is written'}; a deploy notes the digest that it means then`,
  ];
}

function grouped(value: number): string {
  return value.toLocaleString('en');
}
