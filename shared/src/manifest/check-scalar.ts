/** Single values against their schema: what is wrong with one, what it should be, and the edit that makes it so. */
import * as z from 'zod';
import type { Checking } from './check.ts';
import { advise, choices, inner, typeLabel } from './introspect.ts';
import { showValue } from './mask.ts';
import { formatPath } from './path.ts';
import type { Finding, SpanFix } from './report.ts';
import { type ScalarRule, scalarRules, textual } from './schema-scalars.ts';
import { closest } from './suggest.ts';
import type { ScalarNode } from './tree.ts';

/** The value, the value that was probably meant, or undefined. `whole` is the union that the schema is a part of. */
export function checkScalar(schema: z.ZodType, node: ScalarNode, to: Checking, whole: z.ZodType = schema): unknown {
  const allowed = choices(schema);
  if (allowed) return checkChoice(schema, allowed, node, to, whole);
  return schema instanceof z.ZodNumber ? checkNumber(schema, node, to) : checkText(schema, node, to);
}

/** A value that is taken as it is written; what YAML would change on the way has to be put in quotes. */
export function checkTextual(node: ScalarNode, to: Checking): unknown {
  if (typeof node.value === 'string') return node.value;
  if (node.plain && String(node.value) === node.source) return node.value;
  return quoted(node, to);
}

export function emptyValue(schema: z.ZodType, node: ScalarNode, to: Checking): undefined {
  const path = formatPath(node.path);
  if (textual.get(inner(schema))) {
    const colon = node.source !== '' || to.text.charAt(node.span[0] - 1) === ':';
    const newText = node.source === '' ? ' ""' : '""';
    report(to, node, 'manifest/empty-value', `${path} has no value; write "" when it is meant to be empty.`, {
      ...(colon ? { fix: { title: 'Write ""', edits: [{ span: node.span, newText }] } } : {}),
      ...(node.source === '' && node.key ? { span: node.key } : {}),
    });
    return undefined;
  }
  const rule = scalarRules.get(inner(schema));
  const remedy = rule ? rule.says : advise(schema);
  const removal =
    node.path.length === 0
      ? ''
      : typeof node.path.at(-1) === 'number'
        ? ', or remove the entry'
        : ', or remove the key';
  report(to, node, 'manifest/empty-value', `${path} has no value; ${remedy}${removal}.`, {
    ...(node.source === '' && node.key ? { span: node.key } : {}),
  });
  return undefined;
}

function checkNumber(schema: z.ZodNumber, node: ScalarNode, to: Checking): unknown {
  const path = formatPath(node.path);
  if (typeof node.value === 'string') {
    const number = node.value.trim() === '' ? Number.NaN : Number(node.value);
    if (!schema.safeParse(number).success) return ruleBroken(schema, node, to);
    report(to, node, 'manifest/type', `${path} is text; write the number ${number} without quotes.`, {
      fix: replacing(node, String(number), `Write ${number}`),
    });
    return number;
  }
  if (typeof node.value !== 'number' || !schema.safeParse(node.value).success) return ruleBroken(schema, node, to);
  // 0644, 0x1F, 1e3 and +5 are numbers to YAML, and not always the one that the reader sees.
  if (!/^-?(0|[1-9]\d*)(\.\d+)?$/.test(node.source)) {
    report(
      to,
      node,
      'manifest/number',
      `${path} is written ${cut(node.source)}, which reads as ${node.value}; write ${node.value}.`,
      {
        fix: replacing(node, String(node.value), `Write ${node.value}`),
      },
    );
  }
  return node.value;
}

function checkText(schema: z.ZodType, node: ScalarNode, to: Checking): unknown {
  if (typeof node.value === 'string')
    return schema.safeParse(node.value).success ? node.value : ruleBroken(schema, node, to);
  return schema.safeParse(node.source).success ? quoted(node, to) : ruleBroken(schema, node, to);
}

function quoted(node: ScalarNode, to: Checking): string {
  const path = formatPath(node.path);
  const changed = String(node.value) !== node.source ? ` and would become ${node.value}` : '';
  const kind = typeof node.value === 'boolean' ? 'true or false' : 'a number';
  report(
    to,
    node,
    'manifest/quote',
    `${path} is text, but ${cut(node.source)} reads as ${kind}${changed}; put it in quotes.`,
    {
      fix: replacing(node, `"${node.source}"`, `Write "${cut(node.source)}"`),
    },
  );
  return node.source;
}

function checkChoice(
  schema: z.ZodType,
  allowed: readonly (string | number | boolean)[],
  node: ScalarNode,
  to: Checking,
  whole: z.ZodType,
): unknown {
  if (allowed.some((choice) => choice === node.value)) {
    return typeof node.value === 'number' ? checkCanonical(node, to) : node.value;
  }
  const path = formatPath(node.path);
  const meant = meantChoice(allowed, node);
  const isVersion = schema instanceof z.ZodLiteral;
  const known = typeof allowed[0] === 'string' || isVersion ? allowed.join(', ') : 'true or false';
  const newest = Math.max(...allowed.filter((choice) => typeof choice === 'number'));
  const newer = isVersion && Number.isInteger(node.value) && Number(node.value) > newest;
  const message = newer
    ? `${path} is ${showValue(node.value)}, which is newer than what is known here: ${known}; update Minicloud, or write the manifest in version ${newest}.`
    : isVersion
      ? `${path} is ${showValue(node.value)}; the known ${allowed.length > 1 ? 'versions are' : 'version is'} ${known}.`
      : `${path} is ${showValue(node.value)}; ${meant === undefined ? `write ${whole === schema ? `one of: ${known}` : typeLabel(whole)}` : `did you mean ${meant}? It can be: ${known}`}.`;
  report(to, node, isVersion ? 'manifest/version' : 'manifest/value', message, {
    ...(newer ? { newer } : {}),
    ...(meant === undefined ? {} : { fix: replacing(node, newText(meant, node, to), `Change to ${meant}`) }),
  });
  return meant;
}

function checkCanonical(node: ScalarNode, to: Checking): unknown {
  if (node.source !== String(node.value)) {
    const path = formatPath(node.path);
    report(to, node, 'manifest/number', `${path} is written ${cut(node.source)}; write ${node.value}.`, {
      fix: replacing(node, String(node.value), `Write ${node.value}`),
    });
  }
  return node.value;
}

function meantChoice(
  allowed: readonly (string | number | boolean)[],
  node: ScalarNode,
): string | number | boolean | undefined {
  const text = String(node.value);
  if (allowed.includes(true)) {
    if (/^(yes|y|on|true|1)$/i.test(text)) return true;
    return /^(no|n|off|false|0)$/i.test(text) ? false : undefined;
  }
  if (allowed.some((choice) => typeof choice === 'number'))
    return allowed.find((choice) => String(choice) === text.trim());
  const words = allowed.map(String);
  const begun = text.length >= 3 ? words.filter((word) => word.startsWith(text.toLowerCase())) : [];
  return begun.length === 1 ? begun[0] : closest(text.trim(), words);
}

function ruleBroken(schema: z.ZodType, node: ScalarNode, to: Checking): unknown {
  const rule: ScalarRule = scalarRules.get(schema) ?? { code: 'manifest/type', says: `write ${typeLabel(schema)}` };
  const given = typeof node.value === 'string' ? node.value : node.source;
  const meant = rule.suggest?.(given);
  const usable = meant !== undefined && meant !== node.value && schema.safeParse(meant).success;
  const shown = typeof node.value === 'string' ? showValue(node.value) : cut(node.source);
  const reason = rule.explain?.(given) ?? rule.says;
  const proposal = usable ? ` Did you mean ${meant}?` : '';
  report(to, node, rule.code, `${formatPath(node.path)} is ${shown}; ${reason}.${proposal}`, {
    ...(usable ? { fix: replacing(node, newText(meant, node, to), `Change to ${meant}`) } : {}),
    ...(rule.code === 'manifest/command' ? shellFix(node) : {}),
  });
  return usable ? meant : undefined;
}

function shellFix(node: ScalarNode): { fix?: SpanFix } {
  if (typeof node.value !== 'string' || node.value.trim() === '') return {};
  const argv = `["sh", "-c", ${JSON.stringify(node.value)}]`;
  return { fix: { title: 'Run it with sh -c', edits: [{ span: node.span, newText: argv }] } };
}

/** A value as text of this manifest: in quotes where the old one was, where JSON wants it, or where YAML would misread it. */
export function newText(value: string | number | boolean, node: ScalarNode, to: Checking): string {
  return typeof value === 'string' ? scalarText(value, to.json || !node.plain) : String(value);
}

/** Text as a scalar: in double quotes, which YAML and JSON read alike, where they are wanted or YAML would misread it. */
export function scalarText(value: string, quoted: boolean): string {
  const safe = /^[A-Za-z0-9/][A-Za-z0-9._/@+%-]*(:[A-Za-z0-9._/-]+)*$/.test(value);
  const misread = /^([-+]?[\d.][\d._e+-]*|0[xo][0-9a-f]*|true|false|null)$/i.test(value);
  return !quoted && safe && !misread ? value : JSON.stringify(value);
}

function replacing(node: ScalarNode, text: string, title: string): SpanFix {
  return { title, edits: [{ span: node.span, newText: text }] };
}

function cut(source: string): string {
  return source.length > 40 ? `${source.slice(0, 40)}…` : source;
}

function report(to: Checking, node: ScalarNode, code: string, message: string, extra: Partial<Finding> = {}): void {
  to.findings.push({ code, message, span: node.span, path: node.path, ...extra });
}
