/** Codes of the rules about the source, for those who ask for it: the rules themselves weigh more than a list. */
export const sourceRuleCodes = ['manifest/env-unset', 'manifest/env-default', 'manifest/env-unread'] as const;

/** True for what takes the source to tell. */
export function isOfSource(code: string): boolean {
  return sourceRuleCodes.some((each) => each === code);
}
