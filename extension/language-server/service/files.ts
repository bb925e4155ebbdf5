/** Paths of a manifest and the files around it. */
import type { Candidate } from './candidates.ts';

/** Files below a folder, relative to it: those that are meant first. None when the files are not known. */
export function filesAt(
  files: readonly string[] | undefined,
  folder: string,
  meant: (file: string) => boolean,
): Candidate[] {
  const inside = below(files ?? [], folder);
  const wanted = inside.filter(meant);
  const chosen = wanted.length > 0 ? wanted : inside;
  return [...chosen].sort(shallowFirst).map((text) => ({ text, detail: 'file', kind: 'file' }));
}

/** Folders below a folder, relative to it, itself included. */
export function foldersAt(files: readonly string[] | undefined, folder: string): Candidate[] {
  const found = new Set<string>();
  for (const file of below(files ?? [], folder)) {
    const parts = file.split('/').slice(0, -1);
    for (let length = 1; length <= parts.length; length += 1) found.add(parts.slice(0, length).join('/'));
  }
  const all = files && folder === '' ? ['.', ...found] : [...found];
  return all.sort(shallowFirst).map((text) => ({ text, detail: 'folder', kind: 'folder' }));
}

/** A path from a folder of the manifest on, from the manifest's own folder on; without `.` and empty parts. */
export function joinPath(folder: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${folder}/${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function below(files: readonly string[], folder: string): string[] {
  const prefix = joinPath(folder, '');
  if (prefix === '') return [...files];
  return files.filter((file) => file.startsWith(`${prefix}/`)).map((file) => file.slice(prefix.length + 1));
}

function shallowFirst(a: string, b: string): number {
  return a.split('/').length - b.split('/').length || (a < b ? -1 : 1);
}
