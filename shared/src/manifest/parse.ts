/**
 * From the text of a manifest to the model, with everything that is wrong said at once. Never throws, whatever the text.
 * Editor and server call the same two functions.
 */
import { Document, LineCounter } from 'yaml';
import { applySuppressions } from './apply-suppressions.ts';
import { type Checking, check } from './check.ts';
import type { Diagnostic, Manifest, ParseResult, Range } from './model.ts';
import { normalize } from './normalize.ts';
import type { Path } from './path.ts';
import { type Finding, gathered, toDiagnostics } from './report.ts';
import { type RuleContext, runRules } from './rules.ts';
import { manifestSchema, type PartialText } from './schema.ts';
import { firstLine, type LineIndex, lineIndex, positionAt, type Span, spanRange } from './source.ts';
import { readSuppressions, type Suppression } from './suppress.ts';
import { readSyntax } from './syntax.ts';
import { buildTree, nodeAt, type Tree } from './tree.ts';

/** What the language server works on: the result, and where everything stands. */
export interface ManifestDocument extends ParseResult {
  /** The YAML document; empty when the text could not be handed to the parser. */
  doc: Document.Parsed | Document;
  lineCounter: LineCounter;
  /** Range of the value at a path; undefined when it is not written. */
  rangeOf(path: Path): Range | undefined;
  /** Range of the key at a path; undefined for list items and what is not written. */
  keyRangeOf(path: Path): Range | undefined;
  /** What the rules see; the rules about the server go on from here. */
  context: RuleContext;
  lines: LineIndex;
  /** Comments that put rules to rest; what goes on from here has to heed them, too. */
  suppressions: Suppression[];
  /** False for a text that was refused before it was read: too large, too deep. Reading it again would take as long. */
  parsed: boolean;
  /** How many comments there are, for who would have to leave them out. */
  comments: number;
}

/**
 * Reads a manifest. `manifest` is there when no diagnostic is an error. With a `fileName` that ends in `.json` the text
 * is also told when other programs could not read it as JSON.
 */
export function parseManifest(text: string, options: { fileName?: string } = {}): ParseResult {
  const { manifest, diagnostics } = parseManifestDocument(text, options);
  return manifest ? { manifest, diagnostics } : { diagnostics };
}

/** Reads a manifest and keeps the document and the places of everything in it. */
export function parseManifestDocument(text: string, options: { fileName?: string } = {}): ManifestDocument {
  const lines = lineIndex(text);
  try {
    return read(text, lines, options.fileName);
  } catch (error) {
    // The last resort: a text that breaks the parser itself is a text that can not be deployed.
    const message = `The manifest can not be read (${error instanceof Error ? error.name : 'unknown cause'}); make it simpler.`;
    const finding: Finding = { code: 'manifest/unreadable', message, span: [0, 1], path: [] };
    const tree: Tree = { root: undefined, findings: [], nodes: new Map() };
    return assemble(
      text,
      lines,
      tree,
      { doc: new Document(null), lineCounter: new LineCounter() },
      {},
      [finding],
      undefined,
      isJson(text, options.fileName),
    );
  }
}

/** What is to be written into a file named so is JSON, too, although nothing shows it yet. */
function isJson(text: string, fileName: string | undefined): boolean {
  return /^\s*\{\s*["}]/.test(text) || (fileName?.endsWith('.json') === true && /^\s*(\{\s*)?$/.test(text));
}

function read(text: string, lines: LineIndex, fileName: string | undefined): ManifestDocument {
  const syntax = readSyntax(text);
  const tree = syntax.parsed ? buildTree(syntax.doc, text) : { root: undefined, findings: [], nodes: new Map() };
  const findings = [...syntax.findings, ...tree.findings];
  const json = isJson(text, fileName);
  let partial: PartialText = {};
  if (tree.root && !(tree.root.kind === 'scalar' && tree.root.value === null)) {
    const to: Checking = { tree, text, findings, broken: syntax.findings.length > 0, json };
    // `check` returns only what the schema accepts, and the whole is parsed by the schema again below.
    partial = (check(manifestSchema, tree.root, to) ?? {}) as PartialText;
    if (to.broken) dropEchoes(findings, syntax.findings, lines);
    findings.push(...runRules(ruleContext(text, tree, partial, json)));
    if (fileName?.endsWith('.json')) findings.push(...notJson(text));
  } else if (findings.length === 0) {
    findings.push({
      code: 'manifest/empty',
      message: 'The manifest is empty; write at least a name, such as name: myapp.',
      span: [0, 1],
      path: [],
    });
  }
  const faultless = findings.every((finding) => (finding.severity ?? 'error') !== 'error');
  const checked = faultless ? manifestSchema.safeParse(partial) : undefined;
  if (checked && !checked.success) {
    for (const issue of checked.error.issues) {
      const path = issue.path.filter((part) => typeof part !== 'symbol');
      findings.push({
        code: 'manifest/type',
        message: `${issue.message}.`,
        span: nearest(tree, path, text).span,
        path,
      });
    }
  }
  const suppressions = readSuppressions(syntax.comments, text, lines);
  const told = applySuppressions(gathered(ofKnownVersion(findings)), suppressions, lines);
  const manifest = checked?.success ? normalize(checked.data) : undefined;
  return {
    ...assemble(text, lines, tree, syntax, partial, told, manifest, json),
    suppressions,
    parsed: syntax.parsed,
    comments: syntax.comments.length,
  };
}

/** In a language that is not known yet, nothing but its version can be judged. */
function ofKnownVersion(findings: Finding[]): Finding[] {
  const isNewer = findings.some(({ code, newer }) => code === 'manifest/version' && newer);
  return isNewer ? findings.filter(({ code }) => code === 'manifest/version' || code === 'manifest/syntax') : findings;
}

/** A syntax error is said once: what seems unknown or empty on its line is only what the parser made of it. */
function dropEchoes(findings: Finding[], syntax: readonly Finding[], lines: LineIndex): void {
  const broken = new Set(syntax.map((finding) => positionAt(lines, finding.span[0]).line));
  const kept = findings.filter(({ code, span }) => {
    if (code === 'manifest/empty-value') return false;
    return code !== 'manifest/unknown-key' || !broken.has(positionAt(lines, span[0]).line);
  });
  findings.splice(0, findings.length, ...kept);
}

function assemble(
  text: string,
  lines: LineIndex,
  tree: Tree,
  syntax: Pick<ManifestDocument, 'doc' | 'lineCounter'>,
  partial: PartialText,
  findings: readonly Finding[],
  manifest: Manifest | undefined,
  json: boolean,
): ManifestDocument {
  const diagnostics: Diagnostic[] = toDiagnostics(text, lines, findings);
  return {
    doc: syntax.doc,
    lineCounter: syntax.lineCounter,
    ...(manifest ? { manifest } : {}),
    diagnostics,
    rangeOf: (path) => rangeOr(lines, nodeAt(tree, path)?.span),
    keyRangeOf: (path) => rangeOr(lines, nodeAt(tree, path)?.key),
    context: ruleContext(text, tree, partial, json),
    lines,
    suppressions: [],
    parsed: false,
    comments: 0,
  };
}

function ruleContext(text: string, tree: Tree, partial: PartialText, json: boolean): RuleContext {
  return {
    text: partial,
    source: text,
    spanOf: (path) => nearest(tree, path, text).span,
    keySpanOf: (path) => nearest(tree, path, text).key,
    nodeAt: (path) => nodeAt(tree, path),
    json,
  };
}

/** Where a path is written, or the nearest thing around it. */
function nearest(tree: Tree, path: Path, text: string): { span: Span; key: Span } {
  for (let length = path.length; length >= 0; length--) {
    const node = nodeAt(tree, path.slice(0, length));
    if (!node) continue;
    const exact = length === path.length;
    // Around what is missing, the key says more than the whole block would.
    const span = exact ? node.span : (node.key ?? node.span);
    return { span: firstLine(text, span), key: node.key ?? firstLine(text, node.span) };
  }
  return { span: [0, 1], key: [0, 1] };
}

function rangeOr(lines: LineIndex, span: Span | undefined): Range | undefined {
  return span ? spanRange(lines, span) : undefined;
}

function notJson(text: string): Finding[] {
  try {
    JSON.parse(text);
    return [];
  } catch {
    const message = 'The file is named .json, but other programs can not read it as JSON; name it .yml, or write JSON.';
    return [{ code: 'manifest/not-json', severity: 'warning', message, span: [0, 1], path: [] }];
  }
}
