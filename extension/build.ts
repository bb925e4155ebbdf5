/** Bundles the extension and its language server: CommonJS files, which is what every VS Code loads. */
import { copyFile, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';
import { pureSchemas } from 'minicloud-shared/bundle/pure-schemas';

export const extensionFolder = dirname(fileURLToPath(import.meta.url));

const entries = {
  extension: 'src/extension.ts',
  'language-client': 'src/language/language-client.ts',
  socket: 'src/servers/socket.ts',
  importer: 'src/import/importer.ts',
  'read-sources': 'src/env-lint/read-sources.ts',
  'metrics-page': 'src/metrics/page.ts',
  'config-commands': 'src/config/config-commands.ts',
  'language-server': 'language-server/server/main.ts',
  'next-runs': 'language-server/service/next-runs.ts',
} as const;

/** Modules that the extension or its language server loads when they are needed, each a bundle of its own: activation doesn't read them. */
export const lazyBundles: Record<string, string> = {
  './language-client.ts': './language-client.cjs',
  './socket.ts': './socket.cjs',
  './importer.ts': './importer.cjs',
  './read-sources.ts': './read-sources.cjs',
  './page.ts': './metrics-page.cjs',
  './config-commands.ts': './config-commands.cjs',
  './next-runs.ts': './next-runs.cjs',
};

/** Writes the bundles to `dist` in `folder`. Fails when anything of the server got into them. */
export async function buildExtension(folder = extensionFolder): Promise<Metafile> {
  const outdir = join(folder, 'dist');
  await rm(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: extensionFolder,
    entryPoints: entries,
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    // A bundle that is loaded later is a CommonJS file as well: `require`, and not the loader of ES modules.
    supported: { 'dynamic-import': false },
    conditions: ['node', 'import'],
    mainFields: ['module', 'main'],
    plugins: [lazy, lightZod, pureSchemas, lightYaml],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  assertBoundaries(metafile);
  for (const page of ['manifest-keys.md', 'manifest-rules.md'])
    await copyFile(join(extensionFolder, '../shared/docs', page), join(outdir, page));
  return metafile;
}

const lazy: Plugin = {
  name: 'lazy',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\// }, ({ path, kind }) => {
      const bundle = kind === 'dynamic-import' ? lazyBundles[path] : undefined;
      return bundle ? { path: bundle, external: true } : undefined;
    });
  },
};

/** Takes from zod what is used and no more: 190 KB less in the language server, and all of it in the extension. */
const lightZod: Plugin = {
  name: 'light-zod',
  setup({ onLoad }) {
    // Messages in fifty languages.
    onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
    // Schemas can describe themselves as JSON Schema: 18 KB that no part of the editor calls.
    onLoad({ filter: /zod\/v4\/core\/(json-schema-processors|to-json-schema)\.js$/ }, async ({ path }) => {
      const names = [...(await readFile(path, 'utf8')).matchAll(/^export (?:const|function) (\w+)/gm)].map(
        ([, name]) => name,
      );
      const leftOut = "const leftOut = () => () => { throw new Error('JSON Schema is left out of this bundle'); };";
      return { contents: `${leftOut}\nexport { ${names.map((name) => `leftOut as ${name}`).join(', ')} };` };
    });
  },
};

/** The same parser as ES modules, of which what is not used can be left out; Node is given CommonJS by default. */
const lightYaml: Plugin = {
  name: 'light-yaml',
  setup({ onResolve }) {
    const packageFolder = dirname(createRequire(import.meta.url).resolve('yaml/package.json'));
    onResolve({ filter: /^yaml$/ }, () => ({
      path: join(packageFolder, 'browser', 'dist', 'index.js'),
      sideEffects: false,
    }));
  },
};

/** The editor sees the server as a type only, and its language server never sees the editor. */
export function assertBoundaries(metafile: Metafile): void {
  for (const [output, { inputs, imports }] of Object.entries(metafile.outputs)) {
    const server = Object.keys(inputs).find((path) =>
      /(^|\/)server\/(src|dashboard)\//.test(path.replace('language-server/server/', '')),
    );
    if (server) throw new Error(`${output} holds ${server}: import it as a type`);
    const own = output.endsWith('language-server.cjs');
    if (own && imports.some(({ path }) => path === 'vscode')) throw new Error(`${output} imports vscode`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const metafile = await buildExtension();
  for (const output of Object.keys(metafile.outputs)) {
    const { length } = await readFile(join(extensionFolder, output));
    console.log(`${output}  ${Math.ceil(length / 1024)} KB`);
  }
}
