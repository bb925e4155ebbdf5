/** Bundles by esbuild: the companion, the command line and the sample app. Made again only when sources changed. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuildOptions, build, type Metafile, type OutputFile, type Plugin } from 'esbuild';
import { pureSchemas } from 'minicloud-shared/bundle/pure-schemas';
import { writeFileAtomic } from '../src/platform/atomic-file.ts';

/** What is bundled; the command line apart from the companion, as it starts for every word typed. */
const bundles = { companion: 'server/src/start.ts', cli: 'server/src/cli/main.ts' };

/** Folders whose sources end up in the bundles. */
const sources = ['shared/src', 'shared/bundle', 'server/src', 'server/setup', 'pnpm-lock.yaml'];

/** Path of a bundle that `buildServer` makes. */
export function bundlePath(root: string, name: keyof typeof bundles): string {
  return path.join(root, 'server/dist', `${name}.js`);
}

/** Makes the bundles when a source is newer than what they were made from. True when they were made. */
export async function buildServer(root: string, say: (line: string) => void): Promise<boolean> {
  const stamp = path.join(root, 'server/dist/.sources');
  const wanted = await fingerprint(root);
  const complete = Object.keys(bundles).every((name) => existsSync(bundlePath(root, name as keyof typeof bundles)));
  if (complete && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return false;
  say('building the companion');
  const outdir = path.join(root, 'server/dist');
  await mkdir(outdir, { recursive: true });
  await place((await build(companionBuild(root, outdir))).outputFiles);
  await buildCli(root, outdir);
  await writeFile(stamp, wanted);
  await removeOld(outdir);
  return true;
}

/**
 * The command line, which starts for every word typed: without zod, which would be most of what it loads. The language of
 * manifests and what else needs zod are bundles of their own, as chunks that they share with the rest would bring zod
 * along. They throw no `ProblemError`: theirs is not the one that the rest knows.
 */
export async function buildCli(root: string, outdir: string): Promise<Metafile> {
  const own: BuildOptions = { ...common, outdir, format: 'esm', splitting: true, banner: { js: esmBanner } };
  const parts: Record<string, string> = {};
  const cli = await build({
    ...own,
    entryPoints: { cli: path.join(root, bundles.cli) },
    plugins: [...(own.plugins ?? []), keptOut(parts), pureSchemas],
    metafile: true,
    write: false,
  });
  await place((await build({ ...own, entryPoints: parts, write: false })).outputFiles);
  await place(cli.outputFiles);
  return cli.metafile;
}

/**
 * Writes bundles whole or not at all, what others import first: another `npm start` may make the same ones, and a
 * command may be typed meanwhile.
 */
async function place(files: readonly OutputFile[]): Promise<void> {
  // Those that are imported by others have a hash in their names.
  const imported = ({ path: file }: OutputFile) => /-[A-Z0-9]{8}\.js/.test(file);
  for (const { path: file, contents } of [...files.filter(imported), ...files.filter((each) => !imported(each))])
    await writeFileAtomic(file, contents, 0o644);
}

/** Names the modules that are bundled apart in `parts`, by their bundle. */
function keptOut(parts: Record<string, string>): Plugin {
  return {
    name: 'kept-out',
    setup({ onResolve, resolve }) {
      onResolve({ filter: /^minicloud-shared\/|\/replies\.ts$/ }, async ({ path: wanted, kind, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        const { path: file } = await resolve(wanted, { kind: 'import-statement', resolveDir });
        const name = `cli-${path.basename(file, '.ts')}`;
        parts[name] = file;
        return { path: `./${name}.js`, external: true };
      });
    },
  };
}

/** What is imported when it is needed stays a file of its own, so that it costs no memory before. */
function companionBuild(root: string, outdir: string) {
  const entryPoints = { companion: path.join(root, bundles.companion) };
  const banner = { js: esmBanner };
  return { ...common, entryPoints, outdir, format: 'esm', splitting: true, banner, write: false } as const;
}

/** Parts that no bundle names any more. Not at once: a companion that runs may still load one of its own. */
async function removeOld(folder: string): Promise<void> {
  const week = 7 * 24 * 3_600_000;
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    if (Date.now() - (await stat(file)).mtimeMs > week) await rm(file, { recursive: true, force: true });
  }
}

/** Bundles the sample app with its database driver into its build context. */
export async function buildSample(root: string, say: (line: string) => void): Promise<void> {
  say('bundling the sample app');
  await build({
    ...common,
    entryPoints: [path.join(root, 'server/images/sample/server.ts')],
    outfile: path.join(root, 'server/images/sample/dist/server.cjs'),
    format: 'cjs',
    target: 'node20',
    sourcemap: false,
    minify: true,
  });
}

/** Parts of dockerode that Minicloud never calls, and that would take a quarter of the companion's memory. */
const unusedModules = /^(@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|ssh2|cpu-features)$/;
const leaveOut: Plugin = {
  name: 'leave-out-unused',
  setup(context) {
    context.onResolve({ filter: unusedModules }, ({ path: name }) => ({ path: name, namespace: 'unused' }));
    context.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
    // zod brings its messages in fifty languages along.
    context.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.c?js$/ }, ({ path: file }) => ({
      contents: file.endsWith('.cjs')
        ? "exports.en = require('./en.cjs').default;"
        : "export { default as en } from './en.js';",
      resolveDir: path.dirname(file),
      loader: 'js',
    }));
  },
};

/** Packages written for CommonJS ask for `require`. */
const esmBanner =
  "import { createRequire as minicloudRequire } from 'node:module'; const require = minicloudRequire(import.meta.url);";

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  external: ['better-sqlite3'],
  plugins: [leaveOut],
  sourcemap: 'linked',
  // The text of a program stays in its memory; names stay for the sake of stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
  conditions: ['import', 'node'],
};

async function fingerprint(root: string): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources) {
    for (const file of await filesIn(path.join(root, source))) {
      hash.update(`${path.relative(root, file)}\0`).update(await readFile(file));
    }
  }
  return hash.digest('hex');
}

async function filesIn(at: string): Promise<string[]> {
  if (path.extname(at) !== '') return [at];
  const entries = await readdir(at, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}
