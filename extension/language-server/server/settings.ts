/** Settings of the editor, as far as the language server needs them. */
import type { InitializationOptions } from './protocol.ts';

export interface Settings {
  /** Another YAML server is active: errors of YAML itself are its business in files of its language. */
  otherYaml: boolean;
}

export const defaultSettings: Settings = { otherYaml: false };

/** The settings with what was sent; what is missing or misshapen stays as it was. */
export function readSettings(before: Settings, sent: InitializationOptions | undefined): Settings {
  const otherYaml = sent?.otherYaml;
  return { otherYaml: typeof otherYaml === 'boolean' ? otherYaml : before.otherYaml };
}
