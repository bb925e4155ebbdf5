// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Compose are written like this
/** Every fixture through every promise: no error, no secret, nothing in silence; and what becomes of single values. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { parseManifest } from '../manifest/parse.ts';
import { composeBuildFields } from './compose/build.ts';
import { composeDeployFields } from './compose/deploy.ts';
import { composeServiceFields } from './compose/fields.ts';
import { filesFor, importApp, kindOf } from './import.ts';
import type { Imported, ImportInput, ImportResult } from './model.ts';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/import/', import.meta.url));

/** Each with the services that are tried as the app. */
const samples: [folder: string, file: string, ...services: (string | undefined)[]][] = [
  ['blog', 'docker-compose.yml', undefined, 'worker', 'search', 'db', 'adminer', 'migrate'],
  ['proxied', 'compose.yaml', undefined, 'shop', 'postgres', 'traefik'],
  ['extended', 'docker-compose.yml', undefined, 'loop', 'secretive', 'jobs'],
  ['kitchen-sink', 'docker-compose.yml', 'sink', undefined],
  ['windows', 'docker-compose.yml', undefined],
  ['heroku', 'Procfile', undefined],
  ['heroku', 'app.json', undefined],
  ['captain', 'captain-definition', undefined],
  ['container', 'inspect.json', undefined],
];

function inputOf(folder: string, file: string, service?: string): ImportInput {
  const place = path.join(fixtures, folder);
  const text = readFileSync(path.join(place, file), 'utf8');
  const all = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = new Map(
    all.map((entry) => {
      const whole = path.join(entry.parentPath, entry.name);
      return [path.relative(place, whole), readFileSync(whole, 'utf8')];
    }),
  );
  const kind = kindOf(file, text) ?? assert.fail(file);
  return { kind, file, text, folder, files, ...(service === undefined ? {} : { service }) };
}

function imported(result: ImportResult): Imported {
  return result.ok ? result : assert.fail(`${result.why} ${result.remedy}`);
}

/** A Compose file of one service. */
function compose(service: string, files: Record<string, string> = {}): Imported {
  const text = `services:\n  web:\n    image: me/web:1\n${service.replace(/^/gm, '    ')}\n`;
  return imported(
    importApp({ kind: 'compose', file: 'compose.yml', text, folder: 'shop', files: new Map(Object.entries(files)) }),
  );
}

function value(result: Imported): Record<string, unknown> {
  return parse(result.manifest) as Record<string, unknown>;
}

function assertSound(result: ImportResult): void {
  assertValid(result);
  assert.doesNotMatch(JSON.stringify(result), /planted/, 'a secret is told');
}

function assertValid(result: ImportResult): void {
  if (!result.ok) return;
  const errors = parseManifest(result.manifest).diagnostics.filter(({ severity }) => severity === 'error');
  assert.deepEqual(errors, [], result.manifest);
}

test('what a deploy would be refused for is told by key: of the server that is known, else of this version', () => {
  const text = 'services: { web: { build: ., environment: [STRIPE_KEY], volumes: ["data:/data"] } }\n';
  const input: ImportInput = { kind: 'compose', file: 'compose.yml', text, folder: 'shop' };
  const told = (offered?: readonly string[]): string[] =>
    imported(importApp({ ...input, ...(offered ? { offered } : {}) })).notOffered.map(({ path }) => path);
  assert.deepEqual(told(), ['build']);
  assert.deepEqual(told(['needs.storage']), ['build', 'secrets']);
  assert.deepEqual(told(['build.dockerfile', 'secrets', 'needs.storage']), []);
  assert.deepEqual(told(['secrets']), ['build', 'needs[0]']);
});

describe('every fixture', () => {
  for (const [folder, file, ...services] of samples) {
    for (const service of services) {
      test(`${folder}/${file}${service ? ` as ${service}` : ''}: a manifest without an error and without a secret`, () => {
        const result = imported(importApp(inputOf(folder, file, service)));
        assertSound(result);
        const codes = parseManifest(result.manifest).diagnostics.map(({ code }) => code);
        assert.ok(!codes.includes('manifest/secret-in-env'), 'the editor would find a secret');
        assert.ok(!codes.includes('manifest/stop-first-needed'), 'two writers');
      });
    }
  }

  test('the fixtures hold secrets', () => {
    for (const folder of ['blog', 'proxied', 'kitchen-sink', 'heroku', 'captain', 'container']) {
      const place = path.join(fixtures, folder);
      const texts = readdirSync(place).map((name) => readFileSync(path.join(place, name), 'utf8'));
      assert.match(texts.join(), /planted/, folder);
    }
  });

  test('every field of every service is told', () => {
    for (const [folder, file, ...services] of samples.filter(([, name]) => name.includes('compose'))) {
      for (const chosen of services) {
        const input = inputOf(folder, file, chosen);
        const result = imported(importApp(input));
        const told = [...result.mapped, ...result.notMapped].map(({ field }) => field);
        const about = (field: string): boolean =>
          told.some((each) => each === field || each.startsWith(`${field}.`) || each.startsWith(`${field}[`));
        const { services: all } = parse(input.text, { merge: true }) as {
          services: Record<string, Record<string, unknown>>;
        };
        for (const [name, service] of Object.entries(all)) {
          if (told.includes(`services.${name}`)) continue;
          for (const key of Object.keys(service))
            assert.ok(about(`services.${name}.${key}`), `${folder}: services.${name}.${key}`);
        }
      }
    }
  });

  test('a half of a file, or a file with a hole, is refused or imported, and breaks nothing', () => {
    let random = 7;
    const next = (below: number): number => {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
      return random % below;
    };
    for (const [folder, file] of samples) {
      const input = inputOf(folder, file);
      for (let at = 0; at < input.text.length; at += 197)
        assertValid(importApp({ ...input, text: input.text.slice(0, at) }));
      for (let round = 0; round < 30; round += 1) {
        const from = next(input.text.length);
        const text = input.text.slice(0, from) + input.text.slice(from + next(40));
        assertValid(importApp({ ...input, text }));
      }
    }
  });
});

describe('the table of fields', () => {
  const lists = readFileSync(path.join(fixtures, 'compose-service-keys.txt'), 'utf8').split('\n\n');
  const words = (list = ''): string[] => list.replace(/^\w+:/, '').trim().split(/\s+/).sort();

  test('it is the list of the Compose Specification, no more and no less', () => {
    assert.deepEqual(Object.keys(composeServiceFields).sort(), words(lists[0]));
    assert.deepEqual([...composeBuildFields].sort(), words(lists[1]));
    assert.deepEqual([...composeDeployFields].sort(), words(lists[2]));
  });

  test('the fixture with every field has every field', () => {
    const { services } = parse(inputOf('kitchen-sink', 'docker-compose.yml').text) as {
      services: { sink: Record<string, Record<string, unknown>> };
    };
    const { sink } = services;
    assert.deepEqual(
      Object.keys(sink)
        .filter((key) => !/^(x-mine|sirname)$/.test(key))
        .sort(),
      words(lists[0]),
    );
    assert.deepEqual(
      [...Object.keys(sink.build ?? {}), 'context'].filter((key, index, all) => all.indexOf(key) === index).sort(),
      words(lists[1]),
    );
    assert.deepEqual(Object.keys(sink.deploy ?? {}).sort(), words(lists[2]));
  });

  test('odd types of every field break nothing', () => {
    const odd = [
      'null',
      '[]',
      '{}',
      '17',
      '-1',
      'true',
      '"text"',
      '[[1], {a: [b]}]',
      '{a: {b: c}}',
      '[null]',
      '{"": ""}',
      '1e400',
      '.nan',
      '{__proto__: x}',
      '!!binary aGk=',
    ];
    const keys = Object.keys(composeServiceFields);
    for (const shift of odd.keys()) {
      for (const turn of [0, 1]) {
        // All fields with one value, and all fields with different ones.
        const fields = keys.map((key, index) => `    ${key}: ${odd[(shift + turn * index) % odd.length]}`);
        const text = `services:\n  web:\n${fields.join('\n')}\n`;
        const result = importApp({ kind: 'compose', file: 'c.yml', text, folder: 'x' });
        assert.ok(result.ok, text);
        assertValid(result);
      }
    }
  });
});

const mappings: [name: string, service: string, expected: Record<string, unknown>][] = [
  ['a short port', 'ports: ["8080:3000"]', { expose: [{ port: 3000 }] }],
  ['a port with an address of six', 'ports: ["[::]:8080:80"]', { expose: [{ port: 80 }] }],
  ['a port that speaks something else', 'ports: ["5432"]', { expose: [{ proto: 'tcp', port: 5432 }] }],
  ['a long port', 'ports: [{ target: 53, protocol: udp }]', { expose: [{ proto: 'udp', port: 53 }] }],
  ['TLS beside HTTP', 'ports: ["80:80", "443:443"]', { expose: [{ port: 80 }] }],
  ['a port of the machine only, alone', 'ports: ["127.0.0.1:8080:80"]', { expose: [{ port: 80 }] }],
  ['a port of the machine only, beside another', 'ports: ["80:80", "127.0.0.1:9229:9229"]', { expose: [{ port: 80 }] }],
  ['a named volume', 'volumes: ["data:/data"]', { needs: [{ storage: { path: '/data' } }] }],
  ['a folder of the machine', 'volumes: ["./data:/data/"]', { needs: [{ storage: { path: '/data' } }] }],
  ['a folder of Windows', "volumes: ['C:\\data:/data']", { needs: [{ storage: { path: '/data' } }] }],
  ['the source, mounted', 'volumes: [".:/app", "/app/node_modules"]', {}],
  [
    'a command line',
    'command: node server.js "a b"',
    { processes: { web: { command: ['node', 'server.js', 'a b'] } } },
  ],
  [
    'a command for a shell',
    'command: sh -c "echo $$HOME && serve"',
    { processes: { web: { command: ['sh', '-c', 'echo $HOME && serve'] } } },
  ],
  ['limits', 'mem_limit: 1g\ncpus: "1.5"\npids_limit: 99', { resources: { memory: '1GiB', cpus: 1.5, pids: 99 } }],
  [
    'a check by curl',
    'ports: ["80"]\nhealthcheck: { test: "curl -f http://localhost/up || exit 1" }',
    { expose: [{ port: 80 }], healthcheck: { path: '/up', port: 80 } },
  ],
  [
    'a check by wget',
    'ports: ["80"]\nhealthcheck: { test: [CMD, wget, -qO-, "127.0.0.1/up"] }',
    { expose: [{ port: 80 }], healthcheck: { path: '/up', port: 80 } },
  ],
  [
    'a check of a port',
    'ports: ["80"]\nhealthcheck: { test: [CMD-SHELL, "nc -z localhost 80"] }',
    { expose: [{ port: 80 }], healthcheck: { port: 80 } },
  ],
  ['a check by a program', 'ports: ["80"]\nhealthcheck: { test: [CMD, pg_isready] }', { expose: [{ port: 80 }] }],
  [
    'defaults of variables',
    'environment: { A: "${A:-x}", B: "${B-}", C: "$$C", D: "${D:-${E:-deep}}", F: "${F:+set}" }',
    { env: { A: 'x', B: '', C: '$C', D: 'deep', F: '' } },
  ],
  ['values that are no texts', 'environment: { A: 1, B: true, C: 0.5 }', { env: { A: '1', B: 'true', C: '0.5' } }],
  [
    'a router of Traefik',
    'expose: [80]\nlabels: ["traefik.http.routers.a.rule=Host(`A.example.com`)"]',
    { expose: [{ port: 80, domains: ['a.example.com'] }] },
  ],
  [
    'nginx-proxy',
    'environment: { VIRTUAL_HOST: "a.example.com,b.example.com", VIRTUAL_PORT: 81 }',
    { expose: [{ port: 81, domains: ['a.example.com', 'b.example.com'] }] },
  ],
  ['a network of the machine', 'network_mode: host\nprivileged: true', {}],
  ['a name for an image alone', 'deploy: { replicas: 3 }', { processes: { web: { count: 3 } } }],
];

test('what becomes of single values', () => {
  for (const [name, service, expected] of mappings) {
    assert.deepEqual(value(compose(service)), { name: 'shop', image: 'me/web:1', ...expected }, name);
  }
});

test('secrets go to their names, whatever they are called and wherever they stand', () => {
  const hidden = [
    'A_TOKEN: planted',
    'DB_PASS: planted',
    'apiKey: planted',
    'URL: "postgres://u:planted@h/x"',
    'JDBC: "jdbc:mysql://h/x?user=a&password=planted"',
    'CONN: "Server=h;Password=planted;"',
    'HOOK: "https://planted@example.com/"',
    'X: sk_live_plantedplanted',
    'H: "Bearer planted1234"',
    'DB_PASSWORD: 123456',
    'ADMIN_TOKEN: "84619372"',
    'SESSION_SECRET: /x9Kd+plantedQ=',
    'JWT_KEY: 3600s',
  ];
  for (const line of hidden) {
    const result = compose(`environment:\n  ${line}`);
    const name = line.split(':')[0];
    assert.deepEqual(value(result).secrets, [name], line);
    assert.deepEqual(result.secrets, [{ name, field: `services.web.environment.${name}` }]);
    assertSound(result);
  }
  const open = [
    'PASSWORD_LENGTH: 12',
    'TOKEN_TTL: 3600',
    'NEXT_PUBLIC_KEY: pk',
    'AUTH: "false"',
    'KEY_PATH: /etc/key',
    'API_KEY_FILE: /run/x',
    'MAX_TOKENS: 4096',
    'TOKEN_TIMEOUT: 30s',
    'A_SECRET: ""',
  ];
  for (const line of open) assert.equal(value(compose(`environment:\n  ${line}`)).secrets, undefined, line);
  const elsewhere = [
    'command: serve --password planted',
    'command: [serve, "--token=planted"]',
    'image: "me/web:${SECRET_TAG}"',
    'ports: ["80"]\nhealthcheck: { test: "curl -u admin:planted http://u:planted@localhost/up" }',
    'labels: { caddy: "${SECRET_TAG}.example.com" }',
  ];
  for (const service of elsewhere)
    assertSound(compose(service.replace('image:', 'hostname:'), { '.env': 'SECRET_TAG=planted' }));
});

test('a variable of .env that is a secret makes one of what it goes into', () => {
  const result = compose('environment: { BOTH: "x-${API_KEY}", PLAIN: "${COLOUR}" }', {
    '.env': 'API_KEY=planted\nCOLOUR=blue\n',
  });
  assert.deepEqual([value(result).secrets, value(result).env], [['BOTH'], { PLAIN: 'blue' }]);
});

test('several services: one is the app, its likes are processes, databases are needs, the rest is support', () => {
  const manifest = value(imported(importApp(inputOf('blog', 'docker-compose.yml'))));
  assert.deepEqual(manifest.needs, ['database', { cache: { env: 'CACHE' } }, { storage: { path: '/srv/uploads' } }]);
  assert.deepEqual(Object.keys(manifest.processes as object), ['web', 'worker']);
  assert.deepEqual(manifest.release, { command: ['npm', 'run', 'migrate'] });
  assert.deepEqual(Object.keys(manifest.support as object), ['search']);
  const shop = imported(importApp(inputOf('proxied', 'compose.yaml', 'shop')));
  const { needs, env, expose, security } = value(shop);
  assert.deepEqual(needs, [{ database: { engine: 'postgres' } }, { messagebus: { env: 'AMQP' } }]);
  assert.equal(env, undefined, 'DB_HOST and the like led to the old database');
  assert.deepEqual(expose, [{ port: 8080, domains: ['shop.example.com', 'www.shop.example.com'], path: '/store' }]);
  assert.deepEqual(security, { read_only: true, user: '1000:1000', capabilities: ['NET_BIND_SERVICE'] });
  assert.equal(shop.app, 'shop-front');
  assert.equal(shop.services[0], 'shop');
});

test('files of the folder are asked for until nothing is new, and none outside of it', () => {
  const { files, ...input } = { ...inputOf('extended', 'docker-compose.yml'), file: 'stack.yml' };
  assert.ok(files);
  assert.deepEqual(filesFor({ ...input, files: new Map() }), ['.env', 'parts/jobs.yml', 'parts/base.yml']);
  const known = new Map([['parts/base.yml', files.get('parts/base.yml') ?? '']]);
  assert.deepEqual(filesFor({ ...input, files: known }), [
    '.env',
    'parts/jobs.yml',
    'parts/base.yml',
    'parts/base.env',
    'parts/missing.env',
  ]);
  const text = 'services: { a: { env_file: [/etc/passwd, ../x.env, "~/x", "C:/x"] } }';
  assert.deepEqual(filesFor({ ...input, text }), ['.env']);
});

test('what can not be read is told in one sentence, and shows nothing of the text', () => {
  const bomb = `a: &a [x]\n${Array.from({ length: 30 }, (_, index) => `k${index}: &k${index} [${`*${index ? `k${index - 1}` : 'a'},`.repeat(9)}]`).join('\n')}\nservices: { web: { image: a } }\n`;
  const merges = `x: &x { ${Array.from({ length: 3000 }, (_, index) => `k${index}: 1`).join(', ')} }\nservices: { ${Array.from({ length: 3000 }, (_, index) => `s${index}: { <<: *x }`).join(', ')} }\n`;
  const refused: [string, RegExp][] = [
    ['', /no services/],
    ['services:\n  web: planted: x: y', /line 2/],
    ['just text', /no map of keys/],
    ['a: 1\n---\nb: 2\n', /more than one document/],
    ['services: {}\n', /no services/],
    [`services: { web: { image: a } }\n${'# x\n'.repeat(70_000)}`, /larger than 256 KB/],
    [bomb, /too large when its aliases are written out/],
    [merges, /too large when its aliases are written out/],
    [`services: ${'['.repeat(20_000)}`, /line 1|nested too deep/],
    ['services: { web: *nowhere }\n', /line 1|nested too deep/],
  ];
  for (const [text, why] of refused) {
    const result = importApp({ kind: 'compose', file: 'compose.yml', text, folder: 'x' });
    assert.ok(!result.ok, text.slice(0, 60));
    assert.match(result.why, why, text.slice(0, 60));
    assert.doesNotMatch(JSON.stringify(result), /planted/);
  }
  for (const kind of ['heroku', 'caprover', 'container'] as const)
    for (const text of [
      '',
      '{',
      '[]',
      'null',
      '[null]',
      '{"Config":{},"HostConfig":[]}',
      '"x"',
      '{"__proto__":{"a":1}}',
    ])
      assertSound(importApp({ kind, file: 'app.json', text, folder: 'x' }));
  const none = importApp({ ...inputOf('blog', 'docker-compose.yml'), service: 'wbe' });
  assert.match(none.ok ? '' : `${none.why} ${none.remedy}`, /no service wbe\. It has web, /);
});

test('a comment of the manifest puts no rule to rest, and keys move no cursor', () => {
  const result = compose('"minicloud-disable-next-line manifest/x": 1\n"\\e[31m\\u202e": 2');
  assert.doesNotMatch(result.manifest, /minicloud-disable|\u001b|\u202e/);
  assertSound(result);
});
