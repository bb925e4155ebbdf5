/** A small Debian root file system, for machines that reach no registry. */
import { createReadStream } from 'node:fs';
import { access, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { ProblemError, toProblem } from 'minicloud-shared/model/problem';
import { installPackages } from '../platform/apt.ts';
import { runCommand } from '../platform/exec.ts';
import type { ImageSettings } from './settings.ts';

const makeDeadlineMs = 10 * 60_000;

/** Kept in the image too, so that what is installed on top stays as small. */
const dpkgOptions = [
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/locale/*',
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'force-unsafe-io',
];

/** Makes the file system as a tar, hands it to `use`, and removes it whatever happens. */
export async function makeRootfs<T>(
  settings: Pick<ImageSettings, 'workFolder' | 'debianMirror'>,
  say: (line: string) => void,
  signal: AbortSignal | undefined,
  use: (tar: NodeJS.ReadableStream) => Promise<T>,
): Promise<T> {
  await ensureMmdebstrap(say, signal);
  await mkdir(settings.workFolder, { recursive: true });
  const tar = path.join(settings.workFolder, `base-${process.pid}-${Date.now()}.tar`);
  try {
    const argv = [
      'mmdebstrap',
      '--variant=minbase',
      '--include=ca-certificates',
      '--aptopt=APT::Install-Recommends "false"',
      ...dpkgOptions.map((option) => `--dpkgopt=${option}`),
      'trixie',
      tar,
      ...(settings.debianMirror ? [settings.debianMirror] : []),
    ];
    const made = await runCommand(argv, { timeoutMs: makeDeadlineMs, ...(signal ? { signal } : {}) });
    if (made.exitCode !== 0) {
      throw new ProblemError({
        code: 'image_unusable',
        what: 'The base image could not be made',
        object: 'image minicloud/base:trixie',
        why: `mmdebstrap ended with ${made.exitCode}.`,
        still: 'Apps that run are not touched.',
        remedy:
          'Check that this machine reaches the Debian archive, or name a registry mirror that has debian:trixie-slim.',
        evidence: made.stderr.trim().split('\n').slice(-8),
      });
    }
    return await use(createReadStream(tar));
  } finally {
    await rm(tar, { force: true });
  }
}

async function ensureMmdebstrap(say: (line: string) => void, signal: AbortSignal | undefined): Promise<void> {
  if (await exists('/usr/bin/mmdebstrap')) return;
  const canInstall = process.getuid?.() === 0 && (await exists('/usr/bin/apt-get'));
  let why = 'mmdebstrap is missing, and installing it takes root on Debian or Ubuntu.';
  if (canInstall) {
    say('installing mmdebstrap, which makes the base image');
    const names = ['mmdebstrap', 'debian-archive-keyring'];
    const problem = await installPackages(names, { say, ...(signal ? { signal } : {}) }).then(
      () => undefined,
      toProblem,
    );
    if (!problem) return;
    signal?.throwIfAborted();
    why = `apt-get could not install mmdebstrap: ${problem.why}`;
  }
  throw new ProblemError({
    code: 'not_available',
    what: 'The base image can neither be pulled nor made here',
    object: 'image minicloud/base:trixie',
    why,
    still: 'Apps that run are not touched.',
    remedy: 'Name a registry mirror that this machine reaches, or run: apt-get install mmdebstrap',
  });
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
