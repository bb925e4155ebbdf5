/** The companion's own log: one line each, secrets redacted by value before anything is written. */

export interface Redactor {
  /** From now on this value never appears. Values under 6 characters would redact ordinary words and are left out. */
  add(value: string): void;
  redact(text: string): string;
}

const shortest = 6;

export function createRedactor(): Redactor {
  const values = new Set<string>();
  return {
    add(value) {
      if (value.length < shortest) return;
      values.add(value);
      const encoded = encodeURIComponent(value);
      if (encoded !== value) values.add(encoded);
    },
    redact(text) {
      let clean = text;
      for (const value of values) if (clean.includes(value)) clean = clean.replaceAll(value, '[redacted]');
      return clean;
    },
  };
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
