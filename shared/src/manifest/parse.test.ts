/** What a good manifest becomes, and that no text at all can break the parser. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ContainerManifest, Manifest } from './model.ts';
import { parseManifest, parseManifestDocument } from './parse.ts';
import { maxDiagnostics } from './report.ts';
import { lineIndex, offsetAt } from './source.ts';

const folder = new URL('../../../test/fixtures/manifests/valid/', import.meta.url);
const fixtures = readdirSync(folder).map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));

function fixture(name: string): string {
  return fixtures.find((item) => item.name === name)?.text ?? assert.fail(`no fixture ${name}`);
}

function parsed(text: string): Manifest {
  const { manifest, diagnostics } = parseManifest(text);
  return manifest ?? assert.fail(JSON.stringify(diagnostics));
}

function container(text: string): ContainerManifest {
  const manifest = parsed(text);
  return manifest.kind === 'container' ? manifest : assert.fail('a forward');
}

for (const { name, text } of fixtures) {
  test(`${name} has no errors and becomes what is written beside it`, () => {
    const { manifest, diagnostics } = parseManifest(text, { fileName: name });
    assert.deepEqual(
      diagnostics.filter((item) => item.severity === 'error'),
      [],
    );
    const snapshot = new URL(`../models/${name}.json`, folder);
    assert.deepEqual(manifest, JSON.parse(readFileSync(snapshot, 'utf8')));
    // deepEqual takes { a: undefined } for {}; the model has no keys without a value.
    assert.equal(JSON.stringify(manifest), JSON.stringify(JSON.parse(JSON.stringify(manifest))));
    walk(manifest, (value) => assert.notEqual(value, undefined));
  });
}

test('a name alone is a web process with every default', () => {
  assert.deepEqual(parsed('name: shop\n'), {
    kind: 'container',
    version: 1,
    name: 'shop',
    environment: 'production',
    expose: [],
    env: {},
    secrets: [],
    needs: [],
    processes: [{ name: 'web', count: 1, resources: {} }],
    support: [],
    resources: {},
    rollout: { strategy: 'rolling', steps: [100], advance: 'auto', pauseMs: 120_000 },
    jobs: [],
    security: { readOnly: false, capabilities: [] },
  });
});

test('needs in both forms', () => {
  const text = `name: shop
needs: [database, messagebus, cache, storage, { database: { engine: postgres, env: PG } }, { messagebus: { env: MQ } }, { cache: {} }, { storage: { path: /x, size: 5GiB } }]
`;
  const { needs } = container(text.replace('{ cache: {} }', '{ cache: { env: C } }'));
  assert.deepEqual(needs, [
    { kind: 'database', engine: 'mariadb', env: 'DATABASE_URL', dedicated: false },
    { kind: 'messagebus', env: 'AMQP_URL' },
    { kind: 'cache', env: 'REDIS_URL' },
    { kind: 'storage', path: '/data' },
    { kind: 'database', engine: 'postgres', env: 'PG', dedicated: false },
    { kind: 'messagebus', env: 'MQ' },
    { kind: 'cache', env: 'C' },
    { kind: 'storage', path: '/x', sizeBytes: 5 * 2 ** 30 },
  ]);
});

test('the primary process is web, or the first one; routes lead to it', () => {
  const named = container('name: shop\nexpose: [{ port: 80 }]\nprocesses: { api: { count: 2 }, web: { count: 1 } }\n');
  assert.deepEqual(
    named.processes.map((process) => process.name),
    ['web', 'api'],
  );
  assert.equal(named.expose[0]?.process, 'web');
  const first = container('name: shop\nexpose: [{ port: 80 }]\nprocesses: { api: {}, worker: { count: 0 } }\n');
  assert.equal(first.expose[0]?.process, 'api');
  assert.deepEqual(
    first.processes.map((process) => [process.name, process.count]),
    [
      ['api', 1],
      ['worker', 0],
    ],
  );
});

test('a process has the limits of the app where it states none', () => {
  const text =
    'name: shop\nresources: { memory: 1GB, pids: 100 }\nprocesses: { web: { resources: { memory: 256MiB, cpus: 0.5 } } }\n';
  assert.deepEqual(container(text).processes[0]?.resources, { memory: 2 ** 28, pids: 100, cpus: 0.5 });
});

test('a healthcheck follows from the first port that takes connections', () => {
  const derived = container('name: shop\nexpose: [{ port: 53, proto: udp }, { port: 25, proto: tcp }]\n').healthcheck;
  assert.deepEqual(derived, { port: 25, intervalMs: 1000, timeoutMs: 2000, retries: 5, graceMs: 30_000 });
  assert.equal(container('name: shop\nexpose: [{ port: 53, proto: udp }]\n').healthcheck, undefined);
  const said = container('name: shop\nexpose: [{ port: 80 }]\nhealthcheck: { path: /up, grace: 1m }\n').healthcheck;
  assert.deepEqual(said, { path: '/up', port: 80, intervalMs: 1000, timeoutMs: 2000, retries: 5, graceMs: 60_000 });
});

test('commands are split without a shell, arguments and variables are text', () => {
  const text =
    'name: shop\nenv: { PORT: 8080, ON: true, N: "0123" }\nprocesses: { web: { command: "node \'a b\' c" }, w: { command: [sleep, 5] } }\n';
  const { env, processes } = container(text);
  assert.deepEqual(env, { PORT: '8080', ON: 'true', N: '0123' });
  assert.deepEqual(
    processes.map((process) => process.command),
    [
      ['node', 'a b', 'c'],
      ['sleep', '5'],
    ],
  );
});

test('domains are lower case and ASCII in the model', () => {
  const { expose } = container('name: shop\nexpose: [{ port: 80, domains: [Bücher.Example, "*.Example.com"] }]\n');
  assert.deepEqual(expose[0]?.domains, ['xn--bcher-kva.example', '*.example.com']);
});

test('JSON is the same grammar', () => {
  const yaml = fixture('smallest.yml');
  const json = JSON.stringify({
    name: 'myapp',
    expose: [{ proto: 'http', port: 80 }],
    needs: ['database', 'messagebus', 'storage'],
  });
  assert.deepEqual(parsed(json), parsed(yaml));
  assert.deepEqual(parsed(JSON.stringify(JSON.parse(json), null, '\t')), parsed(yaml));
  const bad = parseManifest('{"name": "shop", "expose": [{"port": 80, "timeout": 30}]}', {
    fileName: 'cloud_manifest.json',
  });
  assert.deepEqual(bad.diagnostics[0]?.fix?.edits[0]?.newText, '"30s"');
  const codes = (fileName: string) => parseManifest(yaml, { fileName }).diagnostics.map((item) => item.code);
  assert.ok(codes('cloud_manifest.json').includes('manifest/not-json'));
  assert.ok(!codes('cloud_manifest.yml').includes('manifest/not-json'));
});

test('line ends of Windows change nothing, and columns do not count them', () => {
  const text = fixture('full.yml');
  assert.deepEqual(parsed(text.replaceAll('\n', '\r\n')), parsed(text));
  const { diagnostics } = parseManifest('name: shop\r\nexpose:\r\n- port: 70000\r\n');
  assert.deepEqual(diagnostics[0]?.range, { start: { line: 2, character: 8 }, end: { line: 2, character: 13 } });
});

test('a byte order mark is let pass; other invisible characters are not', () => {
  assert.equal(parsed('\ufeffname: shop\n').name, 'shop');
  for (const [text, code] of [
    ['name: shop\u0000\n', 'manifest/character'],
    ['name: shop\nenv: { A: "a\u202eb" }\n', 'manifest/character'],
    ['name: shop\nenv: { A: "\ud800" }\n', 'manifest/character'],
    ['name: shop\renvironment: staging\n', 'manifest/character'],
    ['name: shop\nenv: { A: "\\u0007" }\n', 'manifest/character'],
  ] as const) {
    assert.deepEqual(
      parseManifest(text).diagnostics.map((item) => item.code),
      [code],
      JSON.stringify(text),
    );
  }
});

test('positions count UTF-16 units, as editors do', () => {
  const text = 'name: shop\nenv: { "👋": x, A: y, A: z }\n';
  const { diagnostics } = parseManifest(text);
  const twice = diagnostics.find((item) => item.code === 'manifest/duplicate-key') ?? assert.fail();
  const index = lineIndex(text);
  assert.equal(text.slice(offsetAt(index, twice.range.start), offsetAt(index, twice.range.end)), 'A');
  assert.equal(offsetAt(index, twice.range.start), text.lastIndexOf('A'));
});

test('the document knows the ranges of values and keys', () => {
  const text = 'name: shop\nexpose:\n- prt: 80\n  domains: [a.example.com]\n';
  const { rangeOf, keyRangeOf } = parseManifestDocument(text);
  assert.deepEqual(rangeOf(['expose', 0, 'domains', 0]), {
    start: { line: 3, character: 12 },
    end: { line: 3, character: 25 },
  });
  assert.deepEqual(keyRangeOf(['expose', 0, 'domains']), {
    start: { line: 3, character: 2 },
    end: { line: 3, character: 9 },
  });
  assert.deepEqual(rangeOf(['expose', 0, 'port']), rangeOf(['expose', 0, 'prt']));
  assert.equal(rangeOf(['needs']), undefined);
  assert.equal(keyRangeOf(['expose', 0]), undefined);
});

test('a manifest has at most 256 KB, counted in bytes', () => {
  const line = '# 0123456789abcdef0123456789abcdef\n';
  const filled = (bytes: number) => `name: shop\n${line.repeat(Math.ceil(bytes / line.length))}`.slice(0, bytes);
  assert.equal(parsed(filled(256 * 1024)).name, 'shop');
  const codes = (text: string) => parseManifest(text).diagnostics.map((item) => item.code);
  assert.deepEqual(codes(filled(256 * 1024 + 1)), ['manifest/too-large']);
  assert.deepEqual(codes(`name: shop\n# ${'é'.repeat(140_000)}\n`), ['manifest/too-large']);
});

test('a bomb of aliases is refused without being expanded', () => {
  const lines = Array.from(
    { length: 30 },
    (_, level) =>
      `a${level}: &a${level} [${Array(9)
        .fill(level === 0 ? 'x' : `*a${level - 1}`)
        .join(', ')}]`,
  );
  const { manifest, diagnostics } = parseManifest(`name: shop\n${lines.join('\n')}\n`);
  assert.equal(manifest, undefined);
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ['manifest/anchor'],
  );
  assert.match(diagnostics[0]?.message ?? '', /There are 290 more like it\.$/);
});

test('nesting ends at 40 levels', () => {
  const codes = (text: string) => parseManifest(text).diagnostics.map((item) => item.code);
  for (const [open, close] of [
    ['[', ']'],
    ['{ a: ', '}'],
  ] as const) {
    assert.ok(!codes(`name: ${open.repeat(40)}${close.repeat(40)}`).includes('manifest/too-deep'));
    assert.deepEqual(codes(`name: ${open.repeat(41)}${close.repeat(41)}`), ['manifest/too-deep']);
  }
  assert.deepEqual(codes('- '.repeat(41)), ['manifest/too-deep']);
});

/** Texts made to cost time or stack; each is near the size limit. */
const hostile: Record<string, string> = {
  'open lists': '['.repeat(250_000),
  'open maps': '{a: '.repeat(60_000),
  'lists in lists': '- '.repeat(125_000),
  'explicit keys': '? '.repeat(125_000),
  commas: `name: [${','.repeat(250_000)}`,
  'closing brackets': ']'.repeat(250_000),
  quotes: '"'.repeat(250_000),
  'unknown keys': Array.from({ length: 25_000 }, (_, number) => `k${number}: 1`).join('\n'),
  'one key again and again': 'a: 1\n'.repeat(50_000),
  'many variables': `name: shop\nenv:\n${Array.from({ length: 16_000 }, (_, number) => `  K${number}: "1"`).join('\n')}\n`,
  'many routes': `name: shop\nexpose:\n${Array.from({ length: 8000 }, (_, number) => `- { port: ${number + 1}, domains: [] }`).join('\n')}\n`,
  'many volumes': `name: shop\nneeds:\n${Array.from({ length: 6000 }, (_, number) => `- storage: { path: /d/${number} }`).join('\n')}\n`,
  documents: '---\n'.repeat(60_000),
  'control characters': '\u0001'.repeat(250_000),
  'half pairs': '\ud800'.repeat(80_000),
  'a long key': `${'k'.repeat(250_000)}: 1`,
  'a long name': `name: ${'a'.repeat(250_000)}`,
  'a long domain': `name: shop\nexpose: [{ port: 80, domains: ["${'a.'.repeat(120_000)}"] }]`,
  'a long image': `name: shop\nimage: "${'a-'.repeat(120_000)}"`,
  'a long path': `name: shop\nneeds: [{ storage: { path: "${'/a'.repeat(120_000)}" } }]`,
  'a long route': `name: shop\nexpose: [{ port: 80, path: "${'/a'.repeat(120_000)}" }]`,
  'a long repository': `name: shop\nbuild: { git: { repo: "https://${'a.'.repeat(120_000)}" } }`,
  'a long duration': `name: shop\nrelease: { command: x, timeout: "${'1h '.repeat(80_000)}" }`,
  'a long command': `name: shop\nrelease: { command: "${'a '.repeat(120_000)}" }`,
  'a long schedule': `name: shop\nbackup: { schedule: "${'1,'.repeat(120_000)} * * * *" }`,
};

for (const [what, text] of Object.entries(hostile)) {
  test(`${what} end soon and are answered`, () => {
    const before = process.cpuUsage();
    const { diagnostics } = parseManifest(text);
    // Work, not waiting: a busy machine is no fault of the parser. What this catches are minutes.
    assert.ok(process.cpuUsage(before).user < 15_000_000);
    assert.ok(diagnostics.length <= maxDiagnostics + 1);
  });
}

test('every beginning of every good manifest is answered', () => {
  for (const { text } of fixtures) {
    for (let end = 0; end <= text.length; end++) answered(text.slice(0, end));
  }
});

test('any part taken out or doubled is answered', () => {
  const random = pseudoRandom(20_250_101);
  for (const { text } of fixtures) {
    for (let round = 0; round < 150; round++) {
      const from = Math.floor(random() * text.length);
      const to = from + Math.floor(random() * 30);
      answered(text.slice(0, from) + text.slice(to));
      answered(text.slice(0, to) + text.slice(from));
      answered(
        text.slice(0, from) + ':{}[]"\'&*!#|>%@`,?-\n\t\u0000'.charAt(Math.floor(random() * 24)) + text.slice(from),
      );
    }
  }
});

/** A manifest or at least one error, and ranges inside the text. */
function answered(text: string): void {
  const { manifest, diagnostics } = parseManifest(text);
  assert.equal(
    manifest === undefined,
    diagnostics.some((item) => item.severity === 'error'),
    JSON.stringify(text),
  );
  assert.ok(!diagnostics.some((item) => item.code === 'manifest/unreadable'), JSON.stringify(text));
  const lines = text.split(/\r\n|\r|\n/);
  for (const { range } of diagnostics) {
    for (const at of [range.start, range.end]) {
      const line = lines[at.line] ?? assert.fail(`line ${at.line} of ${JSON.stringify(text)}`);
      assert.ok(at.character >= 0 && at.character <= line.length + 2, JSON.stringify(text));
    }
    assert.ok(range.start.line < range.end.line || range.start.character <= range.end.character);
  }
}

function walk(value: unknown, visit: (value: unknown) => void): void {
  visit(value);
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) walk(part, visit);
}

/** The same numbers in every run: a failure can be looked at again. */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
