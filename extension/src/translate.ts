/** Words for people, translated by VS Code where it is there; pure parts get it handed in. */
export type Translate = (message: string, ...values: (string | number)[]) => string;

/** The messages as they are written, for tests. */
export const untranslated: Translate = (message, ...values) =>
  message.replace(/\{(\d+)\}/g, (_, index: string) => String(values[Number(index)] ?? ''));
