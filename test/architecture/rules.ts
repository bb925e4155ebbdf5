/** The rules as a table: what they say, what breaks them, and a sample that must break them. */
import { importProblems, isTest } from './layers.ts';
import { bareCode, importsOf, type Source, withoutComments } from './scan.ts';

export interface Rule {
  says: string;
  /** What is wrong with a source, as sentences; nothing when it keeps the rule or is none of its business. */
  problems(source: Source): string[];
  /** Sources that break it: each must give a problem, or the rule would be asleep. */
  broken: readonly Source[];
}

const longestFile = 400;

export const rules: readonly Rule[] = [
  {
    says: 'imports go one way',
    problems: importProblems,
    broken: [
      code('shared/src/model/app.ts', "import { readFile } from 'node:fs';"),
      code('shared/src/model/app.ts', "import { cloud } from '../../../server/src/cloud.ts';"),
      code('shared/src/manifest/parse.ts', "const z = await import('lodash');"),
      code('server/src/platform/db.ts', "import { deleteApp } from '../apps/apps.ts';"),
      code('server/src/adapters/proxy/nginx.ts', "import { createDockerEngine } from '../engine/docker.ts';"),
      code('server/src/apps/apps.ts', "import { plan } from '../deploy/plan.ts';"),
      code('server/src/apps/apps.ts', "import type { Release } from '../releases/releases.ts';"),
      code('server/src/releases/releases.ts', "import { insertApp } from '../apps/store.ts';"),
      code('server/src/deploy/observe.ts', "import { createDockerEngine } from '../adapters/engine/docker.ts';"),
      code('server/src/deploy/plan.ts', "import { router } from '../api/router.ts';"),
      code('server/src/api/router.ts', "import { openCloud } from '../cloud.ts';"),
      code('server/src/misc/thing.ts', ''),
      code('server/src/cli/deploy.ts', "import { createApp } from '../apps/apps.ts';"),
      code('extension/src/tree/app.ts', "import { router } from 'minicloud-server/router';"),
      code('extension/src/tree/app.ts', "import { router } from '../../../server/src/api/router.ts';"),
      code('extension/language-server/service/hover.ts', "import * as vscode from 'vscode';"),
      code('server/dashboard/src/app.ts', "import { cloud } from '../../src/cloud.ts';"),
    ],
  },
  {
    says: 'what reaches out of the process has one door',
    problems: (source) =>
      isTest(source.file) ? [] : importsOf(source).flatMap(({ target }) => doorOf(source.file, target)),
    broken: [
      code('server/src/platform/db.ts', "import { spawn } from 'node:child_process';"),
      code('extension/src/extension.ts', "import { execFile } from 'child_process';"),
      code('server/src/apps/store.ts', "import Database from 'better-sqlite3';"),
      code('server/src/adapters/proxy/nginx.ts', "import Docker from 'dockerode';"),
      code('server/src/certificates/certificates.ts', "import acme from 'acme-client';"),
    ],
  },
  {
    says: `no file is longer than ${longestFile} lines`,
    problems: ({ file, text }) => {
      const lines = text.split('\n').length - 1;
      const written = /\.(ts|mjs|js|lua|sh)$|Dockerfile$|\/entrypoint$/.test(file);
      return written && lines > longestFile ? [`it has ${lines} lines`] : [];
    },
    broken: [code('server/src/apps/apps.ts', 'line\n'.repeat(longestFile + 1)), code('a/table.lua', 'x\n'.repeat(500))],
  },
  {
    says: 'no default exports, but where a tool insists',
    problems: (source) =>
      toolInsists.includes(source.file) ? [] : matches(source, /^\s*export default\b|\bas default\b/m),
    broken: [code('a/b.ts', 'export default 1;'), code('a/b.ts', 'const b = 1;\nexport { b as default };')],
  },
  {
    says: 'no barrels: things are imported from where they are',
    problems: (source) => [
      ...matches(source, /^\s*export\s+(type\s+)?\*/m),
      ...(isCode(source.file) && onlyPassesOn(source) ? ['it only passes on what others export'] : []),
    ],
    broken: [
      code('a/b.ts', "export * from './c.ts';"),
      code('a/b.ts', "export { c } from './c.ts';\nexport type { D } from './d.ts';"),
    ],
  },
  {
    says: 'nothing is `any`',
    problems: (source) => matches(source, anyType),
    broken: [
      code('a/b.ts', 'let x: any = 1;'),
      code('a/b.ts', 'const y = x as any;'),
      code('a/b.ts', 'const z: Map<string, any> = new Map();'),
      code('a/b.ts', 'type Loose = any;'),
      code('a/b.ts', 'function f(x: string | any, ...rest: any[]) {}'),
    ],
  },
  {
    says: 'no shell: programs are started with lists of arguments',
    problems: (source) =>
      isTest(source.file) || !isCode(source.file) || source.file.startsWith('shared/') ? [] : shellWords(source),
    broken: [
      code('server/src/platform/exec.ts', "import { spawn } from 'node:child_process';\nspawn(a, b, { shell: true });"),
      code('server/setup/daemon.ts', "import { spawn } from 'child_process';\nspawn(a, b, { shell: '/bin/bash' });"),
      code('server/src/platform/exec.ts', "import { exec } from 'node:child_process';"),
      code('server/setup/engine.ts', "await runCommand(['sh', '-c', text]);"),
      code('server/setup/engine.ts', 'await runCommand(["/bin/bash", "-lc", text]);'),
    ],
  },
  {
    says: 'relative imports name the file, with its ending',
    problems: (source) =>
      isCode(source.file)
        ? importsOf(source)
            .filter(({ target, relative }) => relative && !/\.(ts|mjs|cjs|js|json)$/.test(target))
            .map(({ target }) => `it imports ${target}`)
        : [],
    broken: [code('a/b.ts', "import { c } from './c';")],
  },
  {
    says: 'the shared packages know no time and no chance',
    problems: (source) =>
      /^shared\/src\/(model|manifest|import)\//.test(source.file) && !isTest(source.file)
        ? matches(
            source,
            /\bDate\.now\b|\bnew Date\(\)|\bperformance\.|\bMath\.random\b|\bset(Timeout|Interval)\b|\bprocess\.(env|argv|exit|cwd)\b/,
          )
        : [],
    broken: [
      code('shared/src/model/app.ts', 'const now = Date.now();'),
      code('shared/src/manifest/a.ts', 'setTimeout(f, 1);'),
    ],
  },
  {
    says: 'every procedure has a scope: one place makes procedures, and it asks for one',
    problems: (source) =>
      source.file.startsWith('server/src/') && source.file !== 'server/src/api/trpc.ts'
        ? matches(source, /\binitTRPC\b|\bpublicProcedure\b|\bt\.procedure\b/)
        : [],
    broken: [
      code('server/src/api/router.ts', 'const t = initTRPC.create();'),
      code('server/src/apps/router.ts', 't.procedure.query(f)'),
    ],
  },
  {
    says: 'no file names a package registry or a folder of somebody’s machine',
    problems: ({ text }) =>
      namesNobodyNeedsList.filter((name) => text.includes(name)).map((name) => `it names ${name}`),
    broken: namesNobodyNeeds().map((name) => code('README.md', `see ${name}`)),
  },
  {
    says: 'no test is left out or left for later',
    problems: (source) =>
      /\.test\.ts$/.test(source.file)
        ? matches(source, /\b(test|it|describe|suite)\.(skip|todo|only)\b|\b(skip|todo|only):\s*(true|['"`])/)
        : [],
    broken: [
      code('a/b.test.ts', "test.skip('x', () => {});"),
      code('a/b.test.ts', "test('x', { todo: true }, () => {});"),
    ],
  },
];

/** The type, not a variable of that name. */
const anyType = /(:|\bas|<|(?<![|&])[|&])\s*any\b(?!\s*\()|,\s*any\s*>|\btype\s[^;=]*=\s*any\b|\bany\[\]/;

/** Packages and modules by the only files that may import them. */
const doors: { module: RegExp; files: RegExp }[] = [
  {
    module: /^(node:)?child_process$/,
    files:
      /^server\/src\/platform\/exec\.ts$|^server\/setup\/(bootstrap\.mjs|daemon\.ts|start\.ts)$|^server\/bin\/minicloud\.mjs$/,
  },
  { module: /^better-sqlite3$/, files: /^server\/src\/platform\/db[\w-]*\.ts$/ },
  { module: /^(dockerode|docker-modem)$/, files: /^server\/src\/adapters\/engine\// },
  { module: /^acme-client$/, files: /^server\/src\/adapters\/acme\// },
];

/** Node's test runner wants its reporters so. */
const toolInsists = ['test/harness/reporter.ts'];

const namesNobodyNeedsList = namesNobodyNeeds();

function namesNobodyNeeds(): string[] {
  // Put together, as this file is looked at too.
  const hosts = [
    ['registry', 'npmjs', 'org'],
    ['registry', 'yarnpkg', 'com'],
    ['npm', 'pkg', 'github', 'com'],
    ['proxy', 'golang', 'org'],
  ];
  const folders = [
    ['', 'work', 'main'],
    ['', 'work', 'shared'],
    ['', 'tmp', 'mt'],
  ];
  return [...hosts.map((parts) => parts.join('.')), ...folders.map((parts) => `${parts.join('/')}/`)];
}

function doorOf(file: string, target: string): string[] {
  const door = doors.find(({ module }) => module.test(target));
  if (!door || door.files.test(file) || !/^(server|shared|extension)\//.test(file)) return [];
  return [`it imports ${target}; only ${door.files.source} may`];
}

function matches(source: Source, pattern: RegExp): string[] {
  if (!isCode(source.file)) return [];
  const found = pattern.exec(bareCode(source.text));
  if (!found) return [];
  const line = source.text.slice(0, found.index + found[0].search(/\S/)).split('\n').length;
  return [`line ${line}: ${source.text.split('\n')[line - 1]?.trim()}`];
}

function shellWords(source: Source): string[] {
  const text = withoutComments(source.text);
  const shell = /['"](?:\/bin\/|\/usr\/bin\/)?(?:ba|da|z)?sh['"]\s*,\s*['"]-[a-z]*c['"]/.exec(text)?.[0];
  const fromShell = /import[^;]*\b(exec|execSync)\b[^;]*from\s*['"](?:node:)?child_process['"]/.exec(text)?.[1];
  // Only who starts programs can ask for one; elsewhere the word is free.
  const starts = /['"](?:node:)?child_process['"]/.test(text);
  const asked = starts ? /\bshell:\s*(?!false\b)[^\s]+/.exec(text)?.[0] : undefined;
  return [
    ...(shell ? [`it runs ${shell}`] : []),
    ...(fromShell ? [`it imports ${fromShell}, which runs a shell`] : []),
    ...(asked ? [`it asks for a shell: ${asked}`] : []),
  ];
}

/** True when nothing is left of a file but imports and exports of other files' things. */
function onlyPassesOn(source: Source): boolean {
  const text = withoutComments(source.text);
  const passing = /export\s+(type\s+)?\{[^}]*\}\s*from\s*['"][^'"]+['"];?/g;
  return (
    passing.test(text) &&
    text
      .replace(passing, '')
      .replace(/import[^;]*;/g, '')
      .trim() === ''
  );
}

function isCode(file: string): boolean {
  return /\.(ts|mts|mjs|js|cjs)$/.test(file);
}

function code(file: string, text: string): Source {
  return { file, text };
}
