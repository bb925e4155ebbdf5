/**
 * From text to a YAML document, with everything refused that a manifest may not be made of.
 *
 * YAML allows much that reads as one thing and means another, and the parser lets most of it pass in silence. What is
 * refused here: characters that nobody sees, anchors, aliases, tags, directives, a second document, endless nesting.
 */
import { CST, Document, Lexer, LineCounter, parseDocument } from 'yaml';
import type { Finding } from './report.ts';
import type { Span } from './source.ts';
import type { Comment } from './suppress.ts';

/** Bytes of UTF-8. */
export const maxManifestBytes = 256 * 1024;
const maxDepth = 40;

export interface SyntaxResult {
  doc: Document.Parsed | Document;
  lineCounter: LineCounter;
  findings: Finding[];
  comments: Comment[];
  /** False when the text was not handed to the YAML parser at all. */
  parsed: boolean;
}

/** Reads the text as YAML 1.2 core. Never throws. */
export function readSyntax(text: string): SyntaxResult {
  const lineCounter = new LineCounter();
  const refused = (finding: Finding): SyntaxResult => ({
    doc: new Document(null),
    lineCounter,
    findings: [finding],
    comments: [],
    parsed: false,
  });
  if (text.length > maxManifestBytes || new TextEncoder().encode(text).length > maxManifestBytes) {
    return refused({
      code: 'manifest/too-large',
      message: 'The manifest is larger than 256 KB; put data in files of the image, and only what the app needs here.',
      span: [0, 1],
      path: [],
    });
  }
  const { clean, findings } = checkCharacters(text);
  const lexed = checkTokens(clean);
  if (lexed.tooDeep) return refused(lexed.tooDeep);
  findings.push(...lexed.findings);
  const doc = parseDocument(clean, {
    version: '1.2',
    schema: 'core',
    merge: false,
    strict: true,
    // The parser compares every key with every other one; `tree.ts` finds duplicates in linear time.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter,
  });
  // The parser goes as deep as the stack lets it.
  if (doc.errors.some(({ message }) => /call stack/.test(message))) return refused(tooDeep([0, 1]));
  for (const error of doc.errors) findings.push(syntaxFinding(error.code, error.message, error.pos, text.length));
  return { doc, lineCounter, findings, comments: lexed.comments, parsed: true };
}

const invisible =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|\r(?!\n)|(?<!^)\ufeff/g;
const halfPair = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Refuses what can not be seen; the text goes on with a space in its place, so that the rest is checked too. */
function checkCharacters(text: string): { clean: string; findings: Finding[] } {
  const findings: Finding[] = [];
  const replaced = (character: string, offset: number): string => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase();
    findings.push({
      code: 'manifest/character',
      message:
        character === '\r'
          ? 'A lone carriage return ends this line; save the file with LF or CRLF line ends.'
          : `The character U+${code} can not be seen and is not allowed; remove it.`,
      span: [offset, offset + 1],
      path: [],
      fix:
        character === '\r'
          ? { title: 'End the line with LF', edits: [{ span: [offset, offset + 1], newText: '\n' }] }
          : { title: `Remove U+${code}`, edits: [{ span: [offset, offset + 1], newText: '' }] },
    });
    return character === '\r' ? '\n' : ' ';
  };
  const clean = text.replace(invisible, replaced).replace(halfPair, replaced);
  return { clean, findings };
}

const refusedTokens: Partial<Record<string, { code: string; message: (source: string) => string }>> = {
  anchor: {
    code: 'manifest/anchor',
    message: (source) => `The anchor ${source} is not allowed in a manifest; write the value out where it is needed.`,
  },
  alias: {
    code: 'manifest/alias',
    message: (source) => `The alias ${source} is not allowed in a manifest; write the value out here.`,
  },
  tag: {
    code: 'manifest/tag',
    message: (source) =>
      `The tag ${source} is not allowed in a manifest; write the plain value, in quotes if it is text.`,
  },
  'directive-line': {
    code: 'manifest/directive',
    message: (source) => `The directive ${source} is not allowed in a manifest, which is always YAML 1.2; remove it.`,
  },
};

function checkTokens(text: string): { findings: Finding[]; comments: Comment[]; tooDeep?: Finding } {
  const findings: Finding[] = [];
  const comments: Comment[] = [];
  let offset = 0;
  let flow = 0;
  let indicators = 0;
  for (const source of new Lexer().lex(text)) {
    const type = CST.tokenType(source);
    // These three are marks of the lexer that stand for no text.
    if (type === 'doc-mode' || type === 'scalar' || type === 'flow-error-end') {
      if (source.length === 1) continue;
    }
    const span: Span = [offset, offset + source.length];
    offset = span[1];
    if (type === 'flow-map-start' || type === 'flow-seq-start') flow++;
    else if (type === 'flow-map-end' || type === 'flow-seq-end') flow = Math.max(0, flow - 1);
    else if (type === 'seq-item-ind' || type === 'explicit-key-ind') indicators++;
    else if (type === 'newline') indicators = 0;
    if (flow + indicators > maxDepth) return { findings, comments, tooDeep: tooDeep(span) };
    if (type === 'comment') comments.push({ text: source, span });
    const refused = type === null ? undefined : refusedTokens[type];
    if (refused) {
      const shown = source.length > 40 ? `${source.slice(0, 40)}…` : source;
      findings.push({ code: refused.code, message: refused.message(shown), span, path: [] });
    }
  }
  return { findings, comments };
}

function tooDeep(span: Span): Finding {
  const message = `The manifest is nested more than ${maxDepth} levels deep; nothing in it needs more than six.`;
  return { code: 'manifest/too-deep', message, span, path: [] };
}

const remedies: Record<string, string> = {
  BAD_ALIAS: 'write the value out',
  BAD_DIRECTIVE: 'remove it',
  BAD_DQ_ESCAPE: 'write a double backslash, or use single quotes',
  BAD_INDENT: 'indent it like its neighbours and close what was opened',
  BAD_SCALAR_START: 'put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'start it on a new line, indented by two spaces, or put the value in quotes',
  BLOCK_IN_FLOW: 'put commas between the entries and close the bracket',
  COMMENT_SPACE: 'put a space before #',
  MISSING_CHAR: 'add what is missing',
  MULTILINE_IMPLICIT_KEY: 'end the key with a colon and a space',
  MULTIPLE_DOCS: 'keep one document and remove the line ---',
  TAB_AS_INDENT: 'indent with spaces',
  UNEXPECTED_TOKEN: 'put the value in quotes, or remove what is too much',
};

/** What the parser says in terms of its grammar, in terms of the text. */
const plainer: [pattern: RegExp, text: string][] = [
  [
    /^Flow (sequence|map) in block collection .*end with a (.)$/,
    'What was opened is not closed with $2, or not indented',
  ],
  [/^Missing closing (["']).*$/, 'The text in quotes is not closed with $1'],
  [/^Nested mappings are not allowed.*$/, 'A second key: value stands on this line'],
  [/^Implicit keys need to be on a single line$/, 'This is no key on one line, or its colon is missing'],
  [/^Implicit map keys need to be followed by map values$/, 'A colon is missing after this key'],
  [/^Plain value cannot start with (reserved|directive indicator) character (.)$/, 'A value can not start with $2'],
];

function syntaxFinding(code: string, message: string, pos: readonly [number, number], length: number): Finding {
  const start = Math.min(pos[0], Math.max(0, length - 1));
  const end = Math.min(Math.max(pos[1], start + 1), length);
  const said = plainer.find(([pattern]) => pattern.test(message));
  const what = said
    ? message.replace(...said)
    : code === 'MULTIPLE_DOCS'
      ? 'The file holds more than one document'
      : message.replace(/\s+/g, ' ').replace(/\.$/, '');
  return {
    code: code === 'MULTIPLE_DOCS' ? 'manifest/documents' : 'manifest/syntax',
    message: `${what}; ${remedies[code] ?? 'see the YAML around it'}.`,
    span: [start, end],
    path: [],
  };
}
