/** Fixes for what the schema and YAML itself refuse. */
import { describePath } from 'minicloud-shared/manifest/describe';
import type { Fix } from 'minicloud-shared/manifest/model';
import { formatPath, type Path } from 'minicloud-shared/manifest/path';
import { lineText, offsetAt, positionAt, spanRange } from 'minicloud-shared/manifest/source';
import type { ListNode, ScalarNode } from 'minicloud-shared/manifest/tree';
import { isMap, isScalar, type Node, type Pair, visit } from 'yaml';
import type { FixContext, Fixer } from './fix.ts';
import { type Data, inline, styleOf } from './style.ts';

/** What a required key is given when the schema has no example: something that works, to be changed. */
const placeholders: Record<string, Data> = {
  name: 'nightly',
  port: 8080,
  service: 'web',
  command: './run',
  path: '/data',
};

function sampleFor(path: Path): Data | undefined {
  const [example] = describePath(path)?.examples ?? [];
  return (example as Data | undefined) ?? placeholders[String(path.at(-1))];
}

const missingKey: Fixer = ({ draft, path }) => {
  const key = String(path.at(-1));
  const sample = sampleFor(path);
  return sample === undefined ? [] : [draft().add(path.slice(0, -1), key, sample).fix(`Add ${key}`)];
};

/** The part goes, or gets the value that it would have without: what is always possible with a wrong value. */
const dropped: Fixer = ({ draft, path }) => {
  const described = describePath(path);
  const last = path.at(-1);
  if (typeof last === 'number') return [draft().remove(path).fix('Remove this entry')];
  if (described && !described.required) return [draft().remove(path).fix(`Remove ${last}`)];
  const sample = sampleFor(path);
  return [
    ...(sample === undefined || typeof sample === 'object'
      ? []
      : [draft().set(path, sample).fix(`Change to ${sample}`)]),
    ...(described ? [] : [draft().remove(path).fix(`Remove ${last}`)]),
  ];
};

const emptyValue: Fixer = (context) => {
  const { draft, path } = context;
  const standard = describePath(path)?.default;
  const isValue = standard !== undefined && typeof standard !== 'object';
  return [
    ...(isValue
      ? [
          draft()
            .set(path, standard as Data)
            .fix(`Write ${standard}`),
        ]
      : []),
    ...dropped(context),
  ];
};

const choice: Fixer = (context) => {
  const values = describePath(context.path)?.values ?? [];
  const fixes = values.slice(0, 4).map((value) => context.draft().set(context.path, value).fix(`Change to ${value}`));
  return [...fixes, ...dropped(context)];
};

const mountPath: Fixer = (context) => [
  context.draft().set(context.path, '/data').fix('Change to /data'),
  ...dropped(context),
];

/** A map where a list of maps is meant, a single value, or lines A=b where variables are. */
const wrongType: Fixer = (context) => {
  const { path, document } = context;
  const node = document.context.nodeAt(path);
  const type = describePath(path)?.type ?? '';
  const found: (Fix | undefined)[] = [];
  if (node?.kind === 'map' && /\blist\b/.test(type)) {
    const edits = node.flow
      ? [
          { span: [node.span[0], node.span[0]] as const, newText: '[' },
          { span: [node.span[1], node.span[1]] as const, newText: ']' },
        ]
      : [...node.entries.values()].map((entry, index) => {
          const at = entry.key?.[0] ?? entry.span[0];
          return { span: [at, at] as const, newText: index === 0 ? '- ' : '  ' };
        });
    const ranged = edits.map(({ span, newText }) => ({ range: spanRange(document.lines, span), newText }));
    found.push({ title: 'Make it a list', edits: ranged });
  }
  if (node?.kind === 'list' && /\bmap\b/.test(type)) found.push(mapOfLines(context, node));
  return [...found, ...dropped(context)];
};

/** `- A=b`, as Compose has it, as `A: b`: each on its line, with its comment. */
function mapOfLines({ draft, path, document }: FixContext, node: ListNode): Fix | undefined {
  const title = 'Make it a map';
  const pairs = node.items.map((item) => /^([A-Za-z_]\w*)[=:]\s*(.*)$/s.exec(textOf(item)));
  const names = pairs.map((pair) => pair?.[1] ?? '');
  if (pairs.length === 0 || names.includes('') || new Set(names).size < names.length) return undefined;
  const values = pairs.map((pair) => pair?.[2] ?? '');
  if (node.flow)
    return draft()
      .set(path, Object.fromEntries(names.map((name, index) => [name, values[index] ?? ''])))
      .fix(title);
  const { source } = document.context;
  const style = styleOf(document);
  const column = (offset: number): number => positionAt(document.lines, offset).character;
  const edits = node.items.map(({ span }, index) => {
    const dash = source.lastIndexOf('-', span[0] - 1);
    const pad = ' '.repeat(node.key && column(dash) <= column(node.key[0]) ? style.size : 0);
    const newText = `${pad}${names[index]}: ${inline(values[index] ?? '', style)}`;
    return { range: spanRange(document.lines, [dash, span[1]]), newText };
  });
  return { title, edits };
}

function textOf(node: { kind: string } | ScalarNode): string {
  return node.kind === 'scalar' && 'value' in node ? String(node.value ?? '') : '';
}

/** The second of two equal keys goes, or the first one. */
const duplicateKey: Fixer = ({ document, diagnostic }) => {
  const { source } = document.context;
  const at = offsetAt(document.lines, diagnostic.range.start);
  let pairs: Pair<Node, Node | null>[] = [];
  let items: Pair<Node, Node | null>[] = [];
  visit(document.doc, {
    Map(_, map) {
      const found = map.items.find(({ key }) => (key as Node | null)?.range?.[0] === at) as
        | Pair<Node, Node>
        | undefined;
      if (!found) return undefined;
      const name = isScalar(found.key) ? String(found.key.value) : '';
      items = map.items as Pair<Node, Node | null>[];
      pairs = items.filter(({ key }) => isScalar(key) && String(key.value) === name);
      return visit.BREAK;
    },
  });
  const second = pairs.find(({ key }) => key.range?.[0] === at);
  const [first] = pairs;
  if (!second || !first || first === second) return [];
  const same = source.slice(...spanOf(first.value)).trim() === source.slice(...spanOf(second.value)).trim();
  const later = withoutPair(
    document,
    items,
    second,
    same ? 'Remove the repetition' : 'Remove this one, keep the first',
  );
  const earlier = withoutPair(document, items, first, 'Keep this one, remove the first');
  return same ? [later] : [later, earlier];
};

function spanOf(node: Node | null): [number, number] {
  return [node?.range?.[0] ?? 0, node?.range?.[1] ?? 0];
}

function withoutPair(
  { context: { source }, lines }: FixContext['document'],
  items: readonly Pair<Node, Node | null>[],
  pair: Pair<Node, Node | null>,
  title: string,
): Fix | undefined {
  const { key, value } = pair;
  const start = key.range?.[0];
  const end = Math.max(key.range?.[1] ?? 0, value?.range?.[1] ?? 0);
  if (start === undefined) return undefined;
  const before = source.slice(0, start);
  const after = source.slice(end);
  const next = items[items.indexOf(pair) + 1]?.key.range?.[0];
  // Behind the dash of an entry: the next key moves up.
  if (/(^|[\r\n])[ \t]*(-[ \t]+)+$/.test(before) && next !== undefined)
    return { title, edits: [{ range: spanRange(lines, [start, next]), newText: '' }] };
  // On lines of its own, with what follows in brackets, or with what leads to it.
  const ownLine = /(^|[\r\n])[ \t]*$/.test(before) && !/^[ \t]*[,}]/.test(after);
  const comma = /^\s*,\s*/.exec(after)?.[0];
  const lead = /,\s*$/.exec(before)?.[0];
  const from = ownLine
    ? start - (/[ \t]*$/.exec(before)?.[0].length ?? 0)
    : comma
      ? start
      : start - (lead?.length ?? 0);
  const blockEnd = /[\r\n]$/.test(source.slice(start, end))
    ? end
    : end + (/^[^\r\n]*(\r?\n)?/.exec(after)?.[0].length ?? 0);
  const to = ownLine ? blockEnd : end + (comma?.length ?? 0);
  return { title, edits: [{ range: spanRange(lines, [from, to]), newText: '' }] };
}

/** Text that an escape makes hold what nothing can carry, without it. */
const character: Fixer = ({ draft, path, document }) => {
  const node = document.context.nodeAt(path);
  if (node?.kind !== 'scalar' || typeof node.value !== 'string') return [];
  const clean = node.value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '');
  return [draft().set(path, clean).fix('Remove the character')];
};

/** Anchors and aliases: the value is written out where it was meant. */
const writtenOut: Fixer = ({ document }) => {
  const { source } = document.context;
  const anchored = new Map<string, Node>();
  const edits: { span: readonly [number, number]; newText: string }[] = [];
  let failed = false;
  visit(document.doc, {
    Node(_, node) {
      if ('anchor' in node && typeof node.anchor === 'string') anchored.set(node.anchor, node as Node);
    },
  });
  for (const [name, node] of anchored) {
    const start = source.lastIndexOf(`&${name}`, node.range?.[0] ?? 0);
    const blanks = /^\s*/.exec(source.slice(start + name.length + 1))?.[0] ?? '';
    if (start >= 0) edits.push({ span: [start, start + name.length + 1 + blanks.length], newText: '' });
  }
  visit(document.doc, {
    Alias(_, alias) {
      const node = anchored.get(alias.source);
      const text = node?.range ? source.slice(node.range[0], node.range[1]).trim() : '';
      // Only what stands on one line can stand anywhere.
      if (!alias.range || text === '' || /[\r\n]/.test(text) || /[*&]/.test(text) || (isMap(node) && !node.flow))
        failed = true;
      else edits.push({ span: [alias.range[0], alias.range[1]], newText: text });
    },
  });
  if (failed || edits.length === 0) return [];
  return [
    {
      title: 'Write the value out',
      edits: edits.map(({ span, newText }) => ({ range: spanRange(document.lines, span), newText })),
    },
  ];
};

const tag: Fixer = ({ document, diagnostic: { range } }) => {
  const { source } = document.context;
  const [start, end] = [offsetAt(document.lines, range.start), offsetAt(document.lines, range.end)];
  const blanks = /^[ \t]*/.exec(source.slice(end))?.[0].length ?? 0;
  const word = /^[^\s,}\]"'#]+/.exec(source.slice(end + blanks))?.[0] ?? '';
  const span = [start, end + blanks + word.length] as const;
  const quote = /str$/.test(source.slice(start, end)) && word !== '';
  return [
    {
      title: 'Remove the tag',
      edits: [{ range: spanRange(document.lines, span), newText: quote ? `"${word}"` : word }],
    },
  ];
};

const directive: Fixer = ({ document, diagnostic: { range } }) => {
  const from = offsetAt(document.lines, { line: range.start.line, character: 0 });
  const to = document.lines.starts[range.start.line + 1] ?? document.context.source.length;
  return [{ title: 'Remove the directive', edits: [{ range: spanRange(document.lines, [from, to]), newText: '' }] }];
};

/** What was meant can only be tried: each of these is offered when the text can be read with it. */
const syntax: Fixer = ({ document, diagnostic: { range, message } }) => {
  const { source } = document.context;
  const at = offsetAt(document.lines, range.start);
  const line = lineText(source, document.lines, range.start.line);
  const ahead = source.slice(at);
  const rest = /^[^\r\n#,}\]]*/.exec(ahead)?.[0].trimEnd() ?? '';
  const margin = /^[ \t]*/.exec(line)?.[0] ?? '';
  const start = offsetAt(document.lines, { line: range.start.line, character: 0 });
  const end = start + line.trimEnd().length;
  const close = /not closed with (.)/.exec(message)?.[1];
  const insert = (title: string, offset: number, text: string): Fix => ({
    title,
    edits: [{ range: spanRange(document.lines, [offset, offset]), newText: text }],
  });
  const replace = (title: string, from: number, to: number, text: string): Fix => ({
    title,
    edits: [{ range: spanRange(document.lines, [from, to]), newText: text }],
  });
  return [
    ...(margin.includes('\t')
      ? [replace('Indent with spaces', start, start + margin.length, margin.replaceAll('\t', '  '))]
      : []),
    ...(rest === '' ? [] : [replace('Put it in quotes', at, at + rest.length, JSON.stringify(rest))]),
    // At the end of the line, or where the text ends.
    ...(close ? [end, source.trimEnd().length].map((offset) => insert(`Close with ${close}`, offset, close)) : []),
    ...(/^\s*[\w-]+$/.test(line) ? [insert('Add the colon', end, ':')] : []),
    ...(/:\S/.test(line) ? [insert('Put a space behind the colon', start + line.indexOf(':') + 1, ' ')] : []),
  ];
};

const mergeKey: Fixer = ({ document, diagnostic: { range } }) => {
  const { source } = document.context;
  const at = offsetAt(document.lines, range.start);
  const merged = /^<<\s*:\s*\{\s*([^{}\r\n]*?)\s*\}/.exec(source.slice(at));
  if (!merged) return [];
  const span = [at, at + merged[0].length] as const;
  return [
    { title: 'Write the keys out', edits: [{ range: spanRange(document.lines, span), newText: merged[1] ?? '' }] },
  ];
};

/** A comment is kept; there is none that JSON could keep. */
const notJson: Fixer = ({ document }) => {
  const { source } = document.context;
  if (document.doc.errors.length > 0 || document.comments > 0) return [];
  const eol = source.includes('\r\n') ? '\r\n' : '\n';
  const newText = `${JSON.stringify(document.doc.toJS({ maxAliasCount: 0 }), null, 2)}\n`.replaceAll('\n', eol);
  return [{ title: 'Write it as JSON', edits: [{ range: spanRange(document.lines, [0, source.length]), newText }] }];
};

const empty: Fixer = ({ document }) => {
  const { source } = document.context;
  const end = source.length;
  const eol = source.includes('\r\n') ? '\r\n' : '\n';
  const title = 'Start with a name';
  // A file of JSON is empty when nothing but blanks is in it.
  if (document.context.json) {
    const newText = `{ "name": "myapp" }${eol}`;
    return [{ title, edits: [{ range: spanRange(document.lines, [0, end]), newText }] }];
  }
  const newText = `${source === '' || /[\r\n]$/.test(source) ? '' : eol}name: myapp${eol}`;
  return [{ title, edits: [{ range: spanRange(document.lines, [end, end]), newText }] }];
};

const suppression: Fixer = ({ document, diagnostic: { range } }) => {
  const line = lineText(document.context.source, document.lines, range.start.line);
  const start = document.lines.starts[range.start.line] ?? 0;
  const comment = document.suppressions.find(({ span }) => span[0] >= start && span[0] < start + line.length);
  if (!comment) return [];
  const at = offsetAt(document.lines, range.start);
  const others = comment.codes.filter(({ span }) => span[0] !== at);
  const first = comment.codes[0];
  const last = comment.codes.at(-1);
  if (others.length > 0 && first && last) {
    const newText = others.map(({ code }) => code).join(', ');
    return [
      { title: 'Remove it', edits: [{ range: spanRange(document.lines, [first.span[0], last.span[1]]), newText }] },
    ];
  }
  const ownLine = line.trimStart().startsWith('#');
  const from = ownLine ? start : comment.span[0];
  const to = ownLine
    ? (document.lines.starts[range.start.line + 1] ?? document.context.source.length)
    : comment.span[1];
  return [{ title: 'Remove the comment', edits: [{ range: spanRange(document.lines, [from, to]), newText: '' }] }];
};

/** Codes of single values, whose wrong value can be left out or replaced by an example. */
const ofValues = (
  'name part-name port-range number-range cpus size duration percent domain route-path file-path image git-repo ' +
  'git-branch schedule timezone user engine-version word text command env-name list-empty'
).split(' ');

export const valueFixers: Readonly<Record<string, Fixer>> = {
  ...Object.fromEntries(ofValues.map((code) => [`manifest/${code}`, dropped])),
  'manifest/missing-key': missingKey,
  'manifest/empty-value': emptyValue,
  'manifest/type': wrongType,
  'manifest/value': choice,
  'manifest/mount-path': mountPath,
  'manifest/version': ({ draft }) => [
    draft().set(['version'], 1).fix('Change to 1'),
    draft().remove(['version']).fix('Remove version'),
  ],
  'manifest/unknown-key': ({ draft, path }) => [
    draft()
      .remove(path)
      .fix(`Remove ${formatPath(path.slice(-1))}`),
  ],
  'manifest/duplicate-key': duplicateKey,
  'manifest/character': character,
  'manifest/anchor': writtenOut,
  'manifest/alias': writtenOut,
  'manifest/merge-key': mergeKey,
  'manifest/tag': tag,
  'manifest/directive': directive,
  'manifest/syntax': syntax,
  'manifest/not-json': notJson,
  'manifest/empty': empty,
  'manifest/suppression-unused': suppression,
  'manifest/suppression-unknown': suppression,
};
