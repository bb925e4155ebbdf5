/** The companion's own log: one line each, secrets redacted by value before anything is written. */

export interface Redactor {
  /**
   * From now on this value never appears, nor what it looks like in a URL, in JSON and in base64; with `user` neither
   * does the pair as HTTP's Basic authorization has it. Values under 6 characters would redact ordinary words and are
   * left out.
   */
  add(value: string, user?: string): void;
  /** Takes out what is secret to anybody. */
  redact(text: string): string;
  /**
   * What is secret to everybody, and to one app besides. A text that somebody of another app may read is never
   * redacted by what is secret to this one: what is taken out of it would tell a guess from the value.
   */
  of(app: string): Pick<Redactor, 'add' | 'redact'>;
  /** The values of an app are not looked for any more. */
  forget(app: string): void;
}

const shortest = 6;
/** A value of several lines is printed line by line; shorter ones than this stand in other texts, too. */
const shortestLine = 16;

/**
 * A text is looked through once, however many values there are: at each place the next four characters say in a table
 * whether any value can begin there.
 */
export function createRedactor(): Redactor {
  const byStart = new Map<string, { form: string; owners: Set<string> }[]>();
  const starts = new Uint8Array(2 ** 16);
  const addForm = (form: string, owner: string) => {
    const start = form.slice(0, shortest);
    const alike = byStart.get(start) ?? [];
    const known = alike.find((entry) => entry.form === form);
    if (known) {
      known.owners.add(owner);
      return;
    }
    // The longest first: of two values one may begin with the other.
    byStart.set(
      start,
      [...alike, { form, owners: new Set([owner]) }].sort((a, b) => b.form.length - a.form.length),
    );
    starts[slot(form, 0)] = 1;
  };
  const add = (value: string, user: string | undefined, owner: string) => {
    const lines = value.includes('\n') ? value.split(/\r?\n/).filter((line) => line.length >= shortestLine) : [];
    const parts = [...new Set([value, value.trim(), ...lines])];
    for (const part of parts.filter(({ length }) => length >= shortest))
      for (const form of forms(part, user)) addForm(form, owner);
  };
  const redact = (text: string, isMeant: (owners: ReadonlySet<string>) => boolean): string => {
    let clean = '';
    let from = 0;
    for (let at = 0; at <= text.length - shortest; at += 1) {
      if (starts[slot(text, at)] === 0) continue;
      const found = byStart
        .get(text.slice(at, at + shortest))
        ?.find(({ form, owners }) => isMeant(owners) && text.startsWith(form, at));
      if (found === undefined) continue;
      clean += `${text.slice(from, at)}[redacted]`;
      from = at + found.form.length;
      at = from - 1;
    }
    return from === 0 ? text : clean + text.slice(from);
  };
  return {
    add: (value, user) => add(value, user, everybody),
    redact: (text) => redact(text, () => true),
    of: (app) => ({
      add: (value, user) => add(value, user, app),
      redact: (text) => redact(text, (owners) => owners.has(everybody) || owners.has(app)),
    }),
    forget(app) {
      for (const [start, alike] of byStart) {
        for (const { owners } of alike) owners.delete(app);
        const left = alike.filter(({ owners }) => owners.size > 0);
        if (left.length > 0) byStart.set(start, left);
        else byStart.delete(start);
      }
    },
  };
}

/** No app is called so. */
const everybody = '';

/** Fields by which programs tell things apart: a word of theirs that is somebody's password, too, stays what it is. */
const structure = new Set([
  'kind',
  'id',
  'state',
  'code',
  'app',
  'name',
  'process',
  'service',
  'image',
  'digest',
  'hash',
  'by',
]);

/** The value as JSON, with every text redacted but those that programs go by. */
export function redactedJson(value: unknown, redact: (text: string) => string): string {
  return JSON.stringify(value, (field, inner: unknown) =>
    typeof inner === 'string' && !structure.has(field) ? redact(inner) : inner,
  );
}

function slot(text: string, at: number): number {
  return (
    (text.charCodeAt(at) +
      text.charCodeAt(at + 1) * 31 +
      text.charCodeAt(at + 2) * 961 +
      text.charCodeAt(at + 3) * 29_791) &
    0xffff
  );
}

/** Ways in which programs commonly write a value. */
function forms(value: string, user: string | undefined): string[] {
  const percent = encodeURIComponent(value);
  const inJson = JSON.stringify(value).slice(1, -1);
  return [
    value,
    percent,
    percent.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()),
    percent.replaceAll('%20', '+'),
    inJson,
    inJson.replaceAll('/', '\\/'),
    ...base64(value),
    ...(user === undefined ? [] : base64(`${user}:${value}`)),
  ];
}

/** Without the padding, which not everybody writes. */
function base64(text: string): string[] {
  const bytes = Buffer.from(text);
  return [bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')];
}

export type Level = 'info' | 'warn' | 'error';
export interface Log {
  info(message: string, facts?: Record<string, string | number | undefined>): void;
  warn(message: string, facts?: Record<string, string | number | undefined>): void;
  error(message: string, facts?: Record<string, string | number | undefined>): void;
}

export type LogFormat = 'text' | 'json';

/** `write` gets whole lines without the newline. */
export function createLog(
  redactor: Redactor,
  write: (line: string) => void,
  now: () => number,
  format: LogFormat = 'text',
): Log {
  const line = (level: Level, message: string, facts: Record<string, string | number | undefined> = {}) => {
    const at = new Date(now()).toISOString();
    const text =
      format === 'json' ? jsonLine({ at, level, message, ...facts }, redactor) : textLine(at, level, message, facts);
    // A line break or terminal control in a name must not forge a second line.
    write(redactor.redact(text).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' '));
  };
  return {
    info: (message, facts) => line('info', message, facts),
    warn: (message, facts) => line('warn', message, facts),
    error: (message, facts) => line('error', message, facts),
  };
}

function textLine(at: string, level: Level, message: string, facts: Record<string, string | number | undefined>) {
  const pairs = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [at, level.toUpperCase().padEnd(5), message, ...pairs].join(' ');
}

/** Redacted before it is written as JSON, where a value with a quote in it would look otherwise. */
function jsonLine(fields: Record<string, string | number | undefined>, { redact }: Redactor): string {
  return JSON.stringify(fields, (_name, value: unknown) => (typeof value === 'string' ? redact(value) : value));
}
