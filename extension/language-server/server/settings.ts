/** Settings of the editor, as far as the language server needs them. */
import type { InitializationOptions } from './protocol.ts';

export interface Settings {
  /** Another YAML server is active: errors of YAML itself are its business in files of its language. */
  otherYaml: boolean;
  /** Defaults are shown where they would be written. */
  inlayHints: boolean;
}

export const defaultSettings: Settings = { otherYaml: false, inlayHints: false };

/** The settings with what was sent; what is missing or misshapen stays as it was. */
export function readSettings(before: Settings, sent: InitializationOptions | undefined): Settings {
  const kept = (name: keyof Settings): boolean => {
    const value = sent?.[name];
    return typeof value === 'boolean' ? value : before[name];
  };
  return { otherYaml: kept('otherYaml'), inlayHints: kept('inlayHints') };
}
