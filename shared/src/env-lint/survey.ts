/**
 * The source of an app, looked through for variables: bounded in files, bytes and time, in slices that let others go on,
 * and from memory for every file that did not change. Who may read files hands them in.
 */
import ignore, { type Ignore } from 'ignore';
import type { SourceReads } from '../manifest/model.ts';
import { type FileScan, isDockerfile, isScanned, isSource, scanFile } from './scan.ts';

export interface SourceTree {
  /** What is in a folder, relative to the root with `/` between the parts; the root is ''. Links are left out. */
  list(folder: string): Promise<{ name: string; kind: 'file' | 'folder' }[]>;
  /** Bytes, and when it was last changed in milliseconds. */
  stat(file: string): Promise<{ size: number; mtime: number }>;
  read(file: string): Promise<string>;
  /** Resolves when others had their turn. */
  pause(): Promise<void>;
  /** Milliseconds that only rise. */
  now(): number;
  cancelled(): boolean;
}

/** By file; kept by the caller from one survey to the next. */
export type SurveyCache = Map<string, { size: number; mtime: number; scan: FileScan }>;

export interface Survey {
  /** False when something was left out: too many files, too large, too slow, or not to be read. */
  complete: boolean;
  scans: ReadonlyMap<string, FileScan>;
}

export const limits = {
  files: 2_000,
  /** Entries of folders, whatever they are: what a tree of pictures may cost. */
  entries: 20_000,
  bytes: 512 * 1024,
  /** Work of one survey; the next goes on from what this one found. */
  budgetMs: 2_000,
  /** Work between two pauses. */
  sliceMs: 15,
} as const;

/** Made and not written, or of others. */
const foreign = new Set([
  'node_modules',
  'bower_components',
  'vendor',
  'dist',
  'build',
  'out',
  'target',
  'coverage',
  '__pycache__',
  '_build',
  'obj',
]);
/** Of these, what an image may be made from where the folder is not ignored: the app itself, made elsewhere. */
const made = new Set(['dist', 'build', 'out', 'target']);
const foreignMark = /^(?:cloud_manifest\.(?:ya?ml|json)|pyvenv\.cfg)$/;

interface Ignorer {
  folder: string;
  rules: Ignore;
}

export async function surveySource(tree: SourceTree, cache: SurveyCache = new Map()): Promise<Survey> {
  const scans = new Map<string, FileScan>();
  const began = tree.now();
  let sliceBegan = began;
  let entries = 0;
  let complete = true;

  /** False when no time is left. Waiting is no work: what others take in a pause is not counted. */
  let waited = 0;
  const goesOn = async (): Promise<boolean> => {
    if (tree.now() - sliceBegan > limits.sliceMs) {
      const before = tree.now();
      await tree.pause();
      sliceBegan = tree.now();
      waited += sliceBegan - before;
    }
    return !tree.cancelled() && tree.now() - began - waited < limits.budgetMs;
  };

  const scan = async (file: string): Promise<void> => {
    const { size, mtime } = await tree.stat(file);
    if (size > limits.bytes) {
      complete = false;
      return;
    }
    const known = cache.get(file);
    const found = known?.size === size && known.mtime === mtime ? known.scan : scanFile(file, await tree.read(file));
    cache.set(file, { size, mtime, scan: found });
    scans.set(file, found);
  };

  const folders: { folder: string; ignorers: readonly Ignorer[] }[] = [{ folder: '', ignorers: [] }];
  for (let next = folders.shift(); next; next = folders.shift()) {
    const { folder } = next;
    const found = await tree.list(folder).catch(() => undefined);
    if (!found) {
      complete = false;
      continue;
    }
    // An app of its own, or an installed Python.
    if (folder !== '' && found.some(({ name, kind }) => kind === 'file' && foreignMark.test(name))) continue;
    const ignorers = await withIgnores(tree, folder, found, next.ignorers);
    for (const { name, kind } of [...found].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      entries += 1;
      const path = folder === '' ? name : `${folder}/${name}`;
      if (kind === 'folder') {
        if (name.startsWith('.') || isIgnored(`${path}/`, ignorers)) continue;
        if (made.has(name)) complete = false;
        if (foreign.has(name)) continue;
        folders.push({ folder: path, ignorers });
        continue;
      }
      if (!isScanned(path) || isIgnored(path, ignorers)) continue;
      if (scans.size >= limits.files || entries > limits.entries || !(await goesOn())) {
        return { complete: false, scans };
      }
      await scan(path).catch(() => {
        // Gone since the folder was listed, or not ours to read.
        complete = false;
      });
    }
    if (!(await goesOn())) return { complete: false, scans };
  }
  for (const file of cache.keys()) if (!scans.has(file)) cache.delete(file);
  return { complete, scans };
}

/**
 * What the source says about a manifest. A name of the manifest is unread when all of the source was looked through,
 * none of it holds the name, and none works names out.
 */
export function readsOf({ complete, scans }: Survey, manifest: string): SourceReads {
  const all = [...scans];
  const reads = all.flatMap(([file, { reads }]) => reads.map((read) => ({ ...read, file })));
  const words = new Set(all.flatMap(([, scan]) => [...scan.words, ...scan.reads.map(({ name }) => name)]));
  const sure = complete && all.some(([file]) => isSource(file)) && all.every(([, { computed }]) => !computed);
  // Names in other letters are not told apart from words of the language.
  const asked = new Set(manifest.match(/(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]{1,127}(?![A-Za-z0-9_])/g));
  return {
    reads,
    ...(all.some(([file]) => !file.includes('/') && isDockerfile(file)) ? { makesImage: true } : {}),
    imageSets: [...new Set(all.flatMap(([, { sets }]) => sets))],
    unread: sure ? [...asked].filter((name) => !words.has(name)) : [],
  };
}

async function withIgnores(
  tree: SourceTree,
  folder: string,
  found: readonly { name: string; kind: string }[],
  around: readonly Ignorer[],
): Promise<readonly Ignorer[]> {
  if (!found.some(({ name, kind }) => name === '.gitignore' && kind === 'file')) return around;
  const path = folder === '' ? '.gitignore' : `${folder}/.gitignore`;
  const { size } = await tree.stat(path).catch(() => ({ size: Number.POSITIVE_INFINITY }));
  if (size > limits.bytes) return around;
  const lines = await tree.read(path).catch(() => '');
  return [...around, { folder, rules: ignore().add(lines) }];
}

/** The file nearest to the path has the last word. */
function isIgnored(path: string, ignorers: readonly Ignorer[]): boolean {
  for (const { folder, rules } of [...ignorers].reverse()) {
    const { ignored, unignored } = rules.test(folder === '' ? path : path.slice(folder.length + 1));
    if (ignored || unignored) return ignored;
  }
  return false;
}
