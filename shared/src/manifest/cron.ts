/** Cron schedules: whether one can be read, and why not. When they fire is the server's business. */

interface Field {
  name: string;
  min: number;
  max: number;
  names?: readonly string[];
}

const fields: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of the month', min: 1, max: 31 },
  {
    name: 'month',
    min: 1,
    max: 12,
    names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  },
  { name: 'day of the week', min: 0, max: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
];

/** Days that the longest form of each month has, for schedules that could never fire. */
const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Undefined for a good schedule of five fields, else what is wrong with it, as the rest of a sentence. */
export function scheduleFault(text: string): string | undefined {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== 5) {
    return `a schedule has five fields (minute, hour, day of the month, month, day of the week), this one has ${text.trim() === '' ? 0 : parts.length}`;
  }
  const values: number[][] = [];
  for (const [index, field] of fields.entries()) {
    const read = readField(parts[index] ?? '', field);
    if (typeof read === 'string') return read;
    values.push(read);
  }
  const [, , days = [], months = []] = values;
  const weekday = parts[4] ?? '*';
  if (weekday === '*' && !months.some((month) => days.some((day) => day <= (monthDays[month - 1] ?? 0)))) {
    return `no month it names has a day ${days[0]}`;
  }
  return undefined;
}

function readField(text: string, field: Field): number[] | string {
  const found: number[] = [];
  for (const item of text.split(',')) {
    const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d{1,4}))?$/.exec(item);
    if (!match) return `"${item}" can not be read as ${field.name}`;
    const from = match[1] ? field.min : fieldValue(match[2] ?? '', field);
    const to = match[1] ? field.max : match[3] === undefined ? from : fieldValue(match[3], field);
    if (from === undefined || to === undefined) {
      return `"${item}" is out of range: the ${field.name} goes from ${field.min} to ${field.max}`;
    }
    if (from > to) return `"${item}" runs backwards`;
    const step = match[4] === undefined ? 1 : Number(match[4]);
    if (step < 1) return `"${item}" has a step of 0`;
    if (match[4] !== undefined && !match[1] && match[3] === undefined) {
      return `"${item}" has a step but no range; write */${step} or ${from}-${field.max}/${step}`;
    }
    for (let value = from; value <= to; value += step) found.push(value);
  }
  return found;
}

function fieldValue(text: string, field: Field): number | undefined {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return named + field.min;
  if (!/^\d{1,2}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= field.min && value <= field.max ? value : undefined;
}
