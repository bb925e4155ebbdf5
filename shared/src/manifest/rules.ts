/**
 * The rules across the fields of a manifest. Each is one row: what it is called, how bad it is, and a pure check. They
 * see what could be read, so a manifest with mistakes elsewhere is still checked by all of them.
 */
import type { Severity } from './model.ts';
import type { Path } from './path.ts';
import type { Finding, SpanFix } from './report.ts';
import { appRules } from './rules-app.ts';
import { nameRules } from './rules-names.ts';
import { networkRules } from './rules-network.ts';
import { rolloutRules } from './rules-rollout.ts';
import type { PartialText } from './schema.ts';
import type { Span } from './source.ts';
import type { TreeNode } from './tree.ts';

export interface Rule {
  /** Stable: `manifest/port-twice`. */
  code: string;
  severity: Severity;
  /** One line for the list of rules in the documentation. */
  summary: string;
  check(context: RuleContext): RuleFinding[];
}

export interface RuleContext {
  /** What could be read, defaults filled in. */
  text: PartialText;
  source: string;
  /** The value at a path, or the nearest thing around it that is written. */
  spanOf(path: Path): Span;
  /** The key at a path, or the value where there is no key. */
  keySpanOf(path: Path): Span;
  nodeAt(path: Path): TreeNode | undefined;
  /** New text has to be JSON. */
  json: boolean;
}

export interface RuleFinding {
  path: Path;
  /** What is marked, where that is something else: the place for what is missing. */
  mark?: Path;
  /** Mark the key, not the value. */
  onKey?: boolean;
  message: string;
  related?: { path: Path; message: string }[];
  /** Places in files beside the manifest. */
  elsewhere?: Finding['elsewhere'];
  fix?: SpanFix;
}

export const rules: readonly Rule[] = [...networkRules, ...nameRules, ...appRules, ...rolloutRules];

/** Everything that the rules find. */
export function runRules(context: RuleContext): Finding[] {
  return rules.flatMap((rule) => rule.check(context).map((found) => placed(rule, found, context)));
}

/** A rule's finding with its place in the text. */
export function placed(rule: Pick<Rule, 'code' | 'severity'>, found: RuleFinding, context: RuleContext): Finding {
  const { path, mark = path, message, fix, elsewhere } = found;
  return {
    code: rule.code,
    severity: rule.severity,
    message,
    path,
    span: found.onKey ? context.keySpanOf(mark) : context.spanOf(mark),
    ...(fix ? { fix } : {}),
    ...(elsewhere ? { elsewhere } : {}),
    ...(found.related
      ? { related: found.related.map((item) => ({ message: item.message, span: context.spanOf(item.path) })) }
      : {}),
  };
}
