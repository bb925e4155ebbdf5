/** The companion's own log: one line each, secrets redacted by value before anything is written. */

export interface Redactor {
  /**
   * From now on this value never appears, nor what it looks like in a URL, in JSON and in base64; with `user` neither
   * does the pair as HTTP's Basic authorization has it. Values under 6 characters would redact ordinary words and are
   * left out.
   */
  add(value: string, user?: string): void;
  redact(text: string): string;
}

const shortest = 6;

/**
 * A text is looked through once, however many values there are: at each place the next four characters say in a table
 * whether any value can begin there.
 */
export function createRedactor(): Redactor {
  const byStart = new Map<string, string[]>();
  const starts = new Uint8Array(2 ** 16);
  const known = new Set<string>();
  const addForm = (form: string) => {
    if (known.has(form)) return;
    known.add(form);
    const start = form.slice(0, shortest);
    const alike = [...(byStart.get(start) ?? []), form];
    // The longest first: of two values one may begin with the other.
    byStart.set(
      start,
      alike.sort((a, b) => b.length - a.length),
    );
    starts[slot(form, 0)] = 1;
  };
  return {
    add(value, user) {
      if (value.length < shortest) return;
      for (const form of forms(value, user)) addForm(form);
    },
    redact(text) {
      let clean = '';
      let from = 0;
      for (let at = 0; at <= text.length - shortest; at += 1) {
        if (starts[slot(text, at)] === 0) continue;
        const found = byStart.get(text.slice(at, at + shortest))?.find((form) => text.startsWith(form, at));
        if (found === undefined) continue;
        clean += `${text.slice(from, at)}[redacted]`;
        from = at + found.length;
        at = from - 1;
      }
      return from === 0 ? text : clean + text.slice(from);
    },
  };
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
