/** `build` of a service. */
import type * as z from 'zod';
import type { build } from '../../manifest/schema-parts.ts';
import { envName, filePath, gitBranch, gitRepo, word } from '../../manifest/schema-scalars.ts';
import { below, type Part } from '../part.ts';
import { isSecret } from '../secrets.ts';
import { entriesOf, type Fields, fieldOf, fit, isFields, pathBelow, textOf } from '../values.ts';
import type { Reading } from './fields.ts';
import { variablesOf } from './read.ts';

/** Why each other key of `build` is not mapped. */
const left: Readonly<Record<string, string>> = {
  additional_contexts: 'A build of Minicloud has one context.',
  cache_from: 'Minicloud’s builder keeps its own cache.',
  cache_to: 'Minicloud’s builder keeps its own cache.',
  dockerfile_inline: 'A Dockerfile is a file: write it beside the manifest.',
  entitlements: 'A build gets no rights over the machine.',
  extra_hosts: 'Names are given by the server.',
  isolation: 'It is for Windows containers; Minicloud runs Linux.',
  labels: 'Minicloud’s images carry its own labels only.',
  network: 'A build has the network of the builder.',
  no_cache: 'Minicloud’s builder keeps its own cache.',
  platforms: 'The platform is the server’s.',
  privileged: 'A build gets no rights over the machine.',
  pull: 'Minicloud’s builder asks the registry for base images.',
  secrets: 'A build gets no secrets.',
  shm_size: 'The size of /dev/shm can not be set.',
  ssh: 'A build gets no keys.',
  tags: 'The image is named by Minicloud.',
  ulimits: 'The kernel’s settings are the same for every container.',
};
export const composeBuildFields: readonly string[] = ['context', 'dockerfile', 'target', 'args', ...Object.keys(left)];

type Build = z.input<typeof build>;

export function readBuild(value: unknown, field: string, part: Part, reading: Reading): void {
  const { report } = reading;
  const long = isFields(value) ? value : { context: value };
  const built: Build = { type: 'dockerfile' };
  const context = textOf(long.context) ?? '.';
  const place = readContext(context, field, built, reading);
  if (!place) return;
  const dockerfile: NonNullable<Build['dockerfile']> = {};
  const path = textOf(long.dockerfile);
  const inside = path === undefined ? undefined : pathBelow(path);
  if (inside !== undefined && fit(filePath, inside) === inside && inside !== 'Dockerfile') dockerfile.path = inside;
  else if (path !== undefined && inside === undefined)
    report.left(below(field, 'dockerfile'), 'It lies outside of the context.');
  const target = textOf(long.target);
  if (target !== undefined && fit(word, target) === target) dockerfile.target = target;
  else if (target !== undefined)
    report.left(below(field, 'target'), 'This is no name of a stage that a manifest can hold.');
  const args = readArguments(long, field, reading);
  if (Object.keys(args).length > 0) dockerfile.args = args;
  if (Object.keys(dockerfile).length > 0) built.dockerfile = dockerfile;
  for (const [key] of entriesOf(value)) {
    if (['context', 'dockerfile', 'target', 'args'].includes(key)) continue;
    report.left(
      below(field, key),
      (Object.hasOwn(left, key) ? left[key] : undefined) ?? 'A build of Compose has no such key.',
    );
  }
  part.build = { value: built, field };
}

/** The folder of this machine that a `build` makes an image of, below the Compose file; undefined when it lies elsewhere. */
export function builtFolder(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const context = textOf(isFields(value) ? value.context : value) ?? '.';
  if (repository.test(context)) return undefined;
  // A folder above this one holds all of it.
  return /^(\.\.\/?)+$/.test(context) ? '' : pathBelow(context);
}

const repository = /^([a-z+]+:\/\/|[\w.-]+@[\w.-]+:|github\.com\/)/;

/** A folder, or a repository: `https://example.com/me/app.git#branch:folder`. False when it can be neither. */
function readContext(context: string, field: string, built: Build, { report }: Reading): boolean {
  if (repository.test(context)) {
    const [address = '', fragment = ''] = context.split('#');
    const [branch = '', folder = ''] = fragment.split(':');
    const repo = fit(gitRepo, address.replace(/^github\.com\//, 'https://github.com/'));
    if (repo === undefined) {
      report.left(below(field, 'context'), 'This is no address of a repository that a manifest can hold.');
      return false;
    }
    const named = branch === '' ? undefined : fit(gitBranch, branch);
    built.git = named === undefined ? { repo } : { repo, branch: named };
    const inside = pathBelow(folder);
    if (inside) built.context = inside;
    return true;
  }
  const inside = pathBelow(context);
  if (inside === undefined) {
    report.left(
      below(field, 'context'),
      'The folder that is built lies outside of this one; put the manifest into the folder that holds both.',
    );
    return false;
  }
  if (inside !== '' && fit(filePath, inside) === inside) built.context = inside;
  return true;
}

function readArguments(long: Fields, field: string, { compose, report }: Reading): Record<string, string> {
  const given: [string, string][] = [];
  for (const { name, resolved } of variablesOf(fieldOf(long, 'args'), compose)) {
    const inside = below(below(field, 'args'), name);
    if (fit(envName, name) !== name) report.left(inside, 'This is no name of an argument that a manifest can hold.');
    else if (!resolved || resolved.missing.length > 0) report.left(inside, 'It has no value in the file.');
    else if (resolved.tainted || isSecret(name, resolved.text))
      report.left(inside, 'It looks like a secret: whoever has the image can read build arguments.');
    else given.push([name, resolved.text]);
  }
  return Object.fromEntries(given);
}
