/** How the cases of `test/fixtures/language` are held against the service: one function a feature. Used by tests alone. */
import assert from 'node:assert/strict';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { positionAt, type Span } from 'minicloud-shared/manifest/source';
import { type Completion, complete } from './complete.ts';
import { applied, format } from './format.ts';
import { hover } from './hover.ts';
import { hints } from './inlay.ts';
import type { Known } from './known.ts';
import { links } from './links.ts';
import { nameAt, rename } from './names.ts';
import { folds, selections } from './ranges.ts';
import { signature } from './signature.ts';
import { type ManifestSymbol, symbols } from './symbols.ts';

type Expectation = (document: ManifestDocument, offset: number, expected: readonly string[], argument: string) => void;

/** A Friday; on the Sunday after it clocks in Europe go forward. */
export const now = Date.parse('2026-03-27T12:00:00Z');
const day = 86_400_000;

export const known: Known = {
  facts: {
    complete: true,
    asOf: now,
    serverDomain: 'cloud.test',
    domains: [
      { name: 'www.shop.test', app: 'shop' },
      { name: 'taken.test', app: 'other' },
    ],
    apps: ['shop', 'other', 'blog'],
    secrets: { shop: ['STRIPE_KEY', 'MAIL_KEY'] },
    config: { shop: ['LOG_LEVEL'] },
    features: ['apps', 'secrets', 'needs.database.mariadb', 'needs.storage'],
    services: [{ engine: 'mariadb', state: 'off' }],
    images: ['docker.io/library/nginx:1.27', 'ghcr.io/acme/api:2.0', 'me/shop:5'],
    places: { regions: ['eu', 'us'], cities: ['ams'], pops: ['ams1'], labels: { disk: ['ssd', 'hdd'] } },
  },
  live: {
    ...{ server: 'home', state: 'running', release: 12, image: 'me/shop:5', digest: 'sha256:1f2e3d' },
    urls: ['http://shop.cloud.test:8080', 'https://www.shop.test'],
    certificates: [{ domain: 'www.shop.test', state: 'valid', issuer: 'R3', notAfter: now + 30 * day }],
    processes: [
      {
        ...{ name: 'web', kind: 'process', count: 2, healthy: 1 },
        memory: { replicas: 2, all: '130 MB', most: '70 MB' },
        cpu: { replicas: 2, all: '3 %', most: '2 %' },
      },
      { name: 'worker', kind: 'process', count: 1, healthy: 1, memory: { replicas: 1, all: '40 MB', most: '40 MB' } },
      { name: 'search', kind: 'support', count: 1, healthy: 0 },
    ],
  },
  files: [
    ...['Dockerfile', 'api/Dockerfile', 'docker/Dockerfile.dev', 'docker-compose.yml', 'deploy/compose.prod.yaml'],
    ...['api/src/main.js', 'public/index.html', 'README.md', 'package.json'],
  ],
};

export const expectations: Partial<Record<string, Expectation>> = {
  complete: expectComplete,
  hover: (document, offset, expected) => {
    const found = hover(document, offset, known, now);
    says(found?.markdown, expected, (word) => {
      if (word === 'over') return found && document.context.source.slice(...found.span);
      return undefined;
    });
  },
  signature: (document, offset, expected) => {
    const found = signature(document, offset, now);
    const text = found && [found.label, ...found.documentation].join('\n');
    says(text, expected, (word) => {
      const part = found?.parameters[found.active];
      if (word === 'label') return found?.label;
      if (word === 'active') return part && found?.label.slice(...part.span);
      return word === 'about' ? part?.documentation : undefined;
    });
  },
  definition: (document, offset, expected) => {
    const places = nameAt(document, offset)?.name.places ?? [];
    const at = places.filter(({ given }) => given).map(({ span }) => placeText(document, span));
    assert.deepEqual(orNone(at), expected);
  },
  references: (document, offset, expected) => {
    const places = nameAt(document, offset)?.name.places ?? [];
    assert.deepEqual(orNone(places.map(({ span }) => placeText(document, span))), expected);
  },
  rename: (document, offset, expected, to) => {
    const renaming = rename(document, offset, to);
    const lines = !renaming
      ? ['none']
      : renaming.ok
        ? withoutEnd(
            applied(
              document.context.source,
              [...renaming.edits].sort((a, b) => a.span[0] - b.span[0]),
            ),
          )
        : [`refused: ${renaming.why}`];
    assert.deepEqual(lines, expected);
  },
  links: (document, _, expected) => {
    const found = links(document, known).map(({ span, target }) => {
      const to = 'url' in target ? target.url : `file ${target.file || '.'}`;
      return `${document.context.source.slice(...span)} → ${to}`;
    });
    assert.deepEqual(orNone(found), expected);
  },
  symbols: (document, _, expected) => {
    const lines = (list: readonly ManifestSymbol[], depth: string): string[] =>
      list.flatMap(({ name, detail, kind, children }) => [
        `${depth}${kind} ${name}${detail ? ` = ${detail}` : ''}`,
        ...lines(children, `${depth}  `),
      ]);
    assert.deepEqual(lines(symbols(document), ''), expected);
  },
  folds: (document, _, expected) => {
    const found = folds(document).map(
      ({ startLine, endLine, comment }) => `${startLine + 1}-${endLine + 1}${comment ? ' comment' : ''}`,
    );
    assert.deepEqual(orNone(found), expected);
  },
  selection: (document, offset, expected) => {
    const found = selections(document, offset).map((span) => JSON.stringify(document.context.source.slice(...span)));
    assert.deepEqual(found, expected);
  },
  hints: (document, _, expected) => {
    const found = hints(document, known).map(({ offset, text }) => {
      const { line } = positionAt(document.lines, offset);
      return `${line + 1}: ${document.context.source.slice(document.lines.starts[line] ?? 0, offset).trim()} ‹${text}›`;
    });
    assert.deepEqual(orNone(found), expected);
  },
  format: (document, _, expected, size) => {
    const edits = format(document, size ? { size: Number(size) } : {});
    assert.deepEqual(edits.length === 0 ? ['none'] : withoutEnd(applied(document.context.source, edits)), expected);
  },
};

function expectComplete(document: ManifestDocument, offset: number, expected: readonly string[]): void {
  const found = complete(document, offset, known);
  const labels = found.map(({ label }) => label);
  const plain = found.filter(({ kind }) => kind !== 'snippet').map(({ label }) => label);
  const item = (label: string): Completion => {
    const wanted = found.find((each) => each.label === label);
    assert.ok(wanted, `${label} is not among ${labels.join(', ')}`);
    return wanted;
  };
  for (const line of expected) {
    if (line === 'none') {
      assert.deepEqual(labels, []);
      continue;
    }
    const [, ask = '', rest = ''] = /^(only:|has:|not:|first:|insert|detail) (.*)$/.exec(line) ?? [];
    const list = rest.split(', ');
    const [label = '', ...said] = rest.split(' = ');
    if (ask === 'only:') assert.deepEqual(plain, list);
    else if (ask === 'has:') for (const word of list) item(word);
    else if (ask === 'not:') for (const word of list) assert.ok(!labels.includes(word), `${word} is offered`);
    else if (ask === 'first:') assert.equal(labels[0], rest);
    else if (ask === 'detail') assert.equal(item(label).detail, said.join(' = '));
    else if (ask === 'insert') assert.equal(insertion(document, item(label)), said.join(' = '));
    else assert.fail(`can not read: ${line}`);
  }
}

function insertion(document: ManifestDocument, { snippet, span, extra }: Completion): string {
  const shown = snippet.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
  const over = document.context.source.slice(...span) || '""';
  const more = extra.map((edit) => ` and ${edit.newText} at ${placeOf(document, edit.offset)}`).join('');
  return `${shown} over ${over}${more}`;
}

/** Every expected line stands in the text; after `!` it must not; `word: text` asks for a part by its name. */
function says(text: string | undefined, expected: readonly string[], part: (word: string) => string | undefined): void {
  for (const line of expected) {
    const named = /^(over|label|active|about): (.*)$/.exec(line);
    if (line === 'none') assert.equal(text, undefined);
    else if (named) assert.equal(part(named[1] ?? ''), named[2]);
    else if (line.startsWith('! ')) assert.ok(!text?.includes(line.slice(2)), `${line}\n${text}`);
    else assert.ok(text?.includes(line), `${line}\nis not in\n${text}`);
  }
}

function placeText(document: ManifestDocument, span: Span): string {
  return `${placeOf(document, span[0])} ${document.context.source.slice(...span)}`;
}

function placeOf(document: ManifestDocument, offset: number): string {
  const { line, character } = positionAt(document.lines, offset);
  return `${line + 1}:${character + 1}`;
}

function orNone(list: readonly string[]): readonly string[] {
  return list.length > 0 ? list : ['none'];
}

function withoutEnd(text: string): string[] {
  return text.replaceAll('\r', '').replace(/\n$/, '').split('\n');
}
