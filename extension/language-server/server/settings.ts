/** Settings of the editor, as far as the language server needs them. */
import type { Severity } from 'minicloud-shared/manifest/model';
import type { InitializationOptions } from './protocol.ts';

export interface Settings {
  /** Another YAML server is active: errors of YAML itself are its business in files of its language. */
  otherYaml: boolean;
  /** Defaults are shown where they would be written. */
  inlayHints: boolean;
  /** The editor has Minicloud's own commands, and pages of `minicloud-docs:`. */
  commands: boolean;
  /** By code, what an opinion is told as. */
  severity: Readonly<Record<string, Severity | 'off'>>;
}

export const defaultSettings: Settings = { otherYaml: false, inlayHints: false, commands: false, severity: {} };

const severities: readonly unknown[] = ['off', 'hint', 'information', 'warning', 'error'] satisfies (
  | Severity
  | 'off'
)[];

/** The settings with what was sent; what is missing or misshapen stays as it was. */
export function readSettings(before: Settings, sent: InitializationOptions | undefined): Settings {
  const kept = (name: 'otherYaml' | 'inlayHints' | 'commands'): boolean => {
    const value = sent?.[name];
    return typeof value === 'boolean' ? value : before[name];
  };
  return {
    otherYaml: kept('otherYaml'),
    inlayHints: kept('inlayHints'),
    commands: kept('commands'),
    severity: readSeverity(sent?.severity) ?? before.severity,
  };
}

/** A word that is no severity is as if it were not there; a person may be writing it. */
function readSeverity(sent: unknown): Settings['severity'] | undefined {
  if (typeof sent !== 'object' || sent === null) return undefined;
  return Object.fromEntries(Object.entries(sent).filter(([, value]) => severities.includes(value)));
}
