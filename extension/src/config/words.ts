import type { Translate } from '../translate.ts';

const mostNames = 3;

/** `A, B, C and 4 more`: names for one line. */
export function names(all: readonly string[], t: Translate): string {
  const shown = all.slice(0, all.length > mostNames + 1 ? mostNames : all.length).join(', ');
  return all.length > mostNames + 1 ? t('{0} and {1} more', shown, all.length - mostNames) : shown;
}

/** What stands in a file or on the clipboard as it is meant: who copies one line has its end with it. */
export function textValue(text: string): string {
  const one = /^([^\r\n]*)\r?\n$/.exec(text);
  return one?.[1] ?? text;
}

/** Why a text can't be a value; undefined for one that can. */
export function refusal(value: string, mostBytes: number, t: Translate): string | undefined {
  if (value.includes('\0')) return t('A value is text: this holds a byte 0.');
  const bytes = new TextEncoder().encode(value).length;
  if (bytes > mostBytes)
    return t('A value has at most {0} KB; this has {1}.', mostBytes / 1024, Math.ceil(bytes / 1024));
  return undefined;
}
