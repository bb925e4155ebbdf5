/** What became of each field, collected while an importer reads. Nothing that looks like a secret gets into it. */
import { looksLikeSecret, visible } from '../manifest/mask.ts';
import type { Imported } from './model.ts';

/** More than this is said as a number: a list of ten thousand helps nobody. */
const most = 500;

export interface Report {
  /** A field that is in the manifest now. */
  took(field: string, to: string): void;
  /** A field that is not, and why. */
  left(field: string, why: string): void;
  /** What was mapped to this place of the manifest, and is not there after all. */
  undo(to: string): void;
  /** True when something was told of the field, or of what is inside. */
  knows(field: string): boolean;
  /** A variable whose value the server has to be given. */
  secret(name: string, field: string): void;
  note(text: string): void;
  result(): Pick<Imported, 'mapped' | 'notMapped' | 'secrets' | 'notes'>;
}

export function createReport(): Report {
  const mapped = new Map<string, { field: string; to: string }>();
  const notMapped = new Map<string, { field: string; why: string }>();
  const secrets = new Map<string, { name: string; field: string }>();
  const notes = new Set<string>();
  /** Every field that was told of, and all that they are inside of. */
  const told = new Set<string>();
  const tell = (field: string): void => {
    told.add(field);
    for (const { index } of field.matchAll(/[.[]/g)) told.add(field.slice(0, index));
  };
  return {
    took(field, to) {
      mapped.set(`${field}\n${to}`, { field: tellable(field), to: tellable(to) });
      tell(field);
    },
    left(field, why) {
      notMapped.set(`${field}\n${why}`, { field: tellable(field), why: tellable(why) });
      tell(field);
    },
    undo: (to) => {
      for (const [key, item] of mapped) if (item.to === to || item.to.startsWith(`${to}.`)) mapped.delete(key);
    },
    knows: (field) => told.has(field),
    secret: (name, field) => {
      if (!secrets.has(name)) secrets.set(name, { name, field: tellable(field) });
    },
    note: (text) => void notes.add(tellable(text)),
    result: () => {
      const left = [...notMapped.values()];
      const more = left.length - most;
      return {
        mapped: [...mapped.values()].slice(0, most),
        notMapped: left.slice(0, most),
        secrets: [...secrets.values()],
        notes: [
          ...notes,
          ...(more > 0 ? [more === 1 ? '1 more field is not mapped.' : `${more} more fields are not mapped.`] : []),
        ].slice(0, most),
      };
    },
  };
}

/** Text of somebody else's file as one line that shows no key, moves no cursor and puts no rule to rest. */
export function tellable(text: string): string {
  const line = visible(text.length > 400 ? `${text.slice(0, 400)}…` : text).replaceAll(
    'minicloud-disable',
    'minicloud disable',
  );
  return line
    .replace(/[a-z][a-z0-9+.-]*:\/\/[^\s/@]*@/gi, (start) => `${start.slice(0, start.indexOf('://'))}://…@`)
    .replace(/[^\s"'`{},[\]()“”]+/g, (word) => (looksLikeSecret(word) ? '…' : word));
}
