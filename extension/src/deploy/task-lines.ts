/** What a deploy task writes, line by line. The format of diagnostics is the one of the problem matchers in package.json. */
import type { Severity } from 'minicloud-shared/manifest/model';
import type { Plan } from 'minicloud-shared/model/plan';
import { withoutControls } from '../logs/log-text.ts';
import { planText } from '../plan/plan-text.ts';
import type { Translate } from '../translate.ts';

export interface LineDiagnostic {
  severity: Severity;
  message: string;
  code: string;
  range: { start: { line: number; character: number } };
}

/** Names that VS Code's problem matchers know. */
const severities: Record<Severity, string> = { error: 'error', warning: 'warning', information: 'info', hint: 'info' };

/** `FILE:LINE:COLUMN: SEVERITY: MESSAGE [CODE]`, from 1. */
export function diagnosticLine(file: string, { severity, message, code, range: { start } }: LineDiagnostic): string {
  const text = message.replace(/\s+/g, ' ').trim();
  return `${file}:${start.line + 1}:${start.character + 1}: ${severities[severity]}: ${text} [${code}]`;
}

/** A line as the terminal is sent it: what the server, images and manifests say can not move the cursor or begin a new one. */
export function terminalLine(line: string): string {
  return `${withoutControls(line)}\r\n`;
}

/** The plan as far as a person reads it before a deploy goes on: verdict and changes, not the steps, which follow. */
export function planLines(plan: Plan, server: string, t: Translate): string[] {
  const lines = planText(plan, server, t).text.split('\n');
  const steps = lines.indexOf(t('What happens, in order'));
  return [...lines.slice(0, steps < 0 ? undefined : steps)];
}
