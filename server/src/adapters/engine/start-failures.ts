/** Why a container could not be started because of what its image or manifest says: the engine's words, in ours. */

export interface StartFailure {
  /** The cause, with the name that it is about. */
  why: string;
  /** What a person can do. */
  remedy: string;
}

interface Cause {
  pattern: RegExp;
  why(name: string): string;
  remedy: string;
}

const mend = {
  user: 'Correct `security: { user: … }` in the manifest, or `USER` in the image (it needs an entry in /etc/passwd and /etc/group).',
  volume:
    'Take this `VOLUME` out of the image and build it again; a folder for data has a place of its own, such as /data.',
  command:
    'Correct the command in the manifest, or `CMD` and `ENTRYPOINT` in the image; the first word has to be in it.',
  permission: 'Make it executable (`RUN chmod 755 …`), and its folders readable for the user that the image runs as.',
  platform: 'Build it for the kind of machine that the server is, or begin the script with a line such as `#!/bin/sh`.',
  folder: 'Correct `WORKDIR` in the image: it has to be a folder that its user may enter.',
  none: 'Give the process a `command` in the manifest, or the image a `CMD`.',
} as const;

/** What the engine says when it could not create or start one. First match wins; the name is the first group. */
const engineCauses: readonly Cause[] = [
  { pattern: /unable to find user ([^:]+):/i, why: (name) => `The image has no user ${name}.`, remedy: mend.user },
  { pattern: /unable to find group ([^:]+):/i, why: (name) => `The image has no group ${name}.`, remedy: mend.user },
  {
    pattern: /no users found|invalid (?:user|group)|linux spec user/i,
    why: () => 'The image can not be run as the user that it or the manifest names.',
    remedy: mend.user,
  },
  {
    // Without what is below these folders nothing starts: the init, the kernel's own files.
    pattern:
      /docker-init"?: (?:stat|no such)|stat \S*docker-init: no such file|open \/proc\/\S+: no such file|rootfs at "(\/[^"]*)".*cannot be mounted|error mounting .* to rootfs at "(?=\/(?:proc|sys|dev)?")(\/[^"]*)"/i,
    why: (name) => `The image declares a VOLUME over a folder of the system${name ? ` (${name})` : ''}.`,
    remedy: mend.volume,
  },
  {
    pattern: /invalid volume spec(?:ification)?|invalid mount (?:path|config)|destination can't be '(\/)'/i,
    why: () => 'The image declares a VOLUME at a path that nothing can be mounted at.',
    remedy: mend.volume,
  },
  {
    pattern:
      /cannot mkdir: (\/\S+) is not a directory|chdir to cwd \("(\/[^"]*)"\).*(?:permission denied|not a directory|no such file)/i,
    why: (name) => `The working directory ${name} is no folder that its user may enter.`,
    remedy: mend.folder,
  },
  { pattern: /exec format error/i, why: () => 'Its program is not for this kind of machine.', remedy: mend.platform },
  {
    pattern: /exec:? "?([^":]+)"?: (?:stat .*: )?(?:executable file not found|no such file)/i,
    why: (name) => `There is no program ${name} in the image.`,
    remedy: mend.command,
  },
  {
    pattern: /exec:? "?([^":]+)"?: (?:permission denied|is a directory)/i,
    why: (name) => `${name} in the image can not be executed.`,
    remedy: mend.permission,
  },
  { pattern: /no command specified/i, why: () => 'Nothing says what to run.', remedy: mend.none },
];

/** Podman's init names no program, and writes in two pieces of which a log may have only the last. */
const catatonitCauses: readonly Cause[] = [
  {
    pattern: /^(?:ERROR \(catatonit:\d+\): )?failed to exec pid1: No such file or directory$/,
    why: () => 'There is no such program in the image, or the one that the first line of the script names is missing.',
    remedy: mend.command,
  },
  {
    pattern: /^(?:ERROR \(catatonit:\d+\): )?failed to exec pid1: (?:Permission denied|Is a directory)$/,
    why: () => 'The program in the image can not be executed.',
    remedy: mend.permission,
  },
  {
    pattern: /^(?:ERROR \(catatonit:\d+\): )?failed to exec pid1: Exec format error$/,
    why: () => 'Its program is not for this kind of machine, or a script without a first line that says what runs it.',
    remedy: mend.platform,
  },
];

/** What the init inside says, in the log, when it could not execute the program. */
const initCauses: readonly Cause[] = [
  {
    pattern: /^\[FATAL tini \(\d+\)\] exec (.+) failed: No such file or directory$/,
    why: (name) =>
      `There is no program ${name} in the image, or the one that the first line of the script names is missing.`,
    remedy: mend.command,
  },
  {
    pattern: /^\[FATAL tini \(\d+\)\] exec (.+) failed: (?:Permission denied|Is a directory)$/,
    why: (name) => `${name} in the image can not be executed.`,
    remedy: mend.permission,
  },
  {
    pattern: /^\[FATAL tini \(\d+\)\] exec (.+) failed: Exec format error$/,
    why: (name) => `${name} is not for this kind of machine.`,
    remedy: mend.platform,
  },
  ...catatonitCauses,
  {
    // A program of another machine is given to the shell by the init, which trips over its first bytes.
    pattern: /^(\/\S+): (?:line )?1: (?:.?ELF|Syntax error: )/s,
    why: (name) => `${name} is not for this kind of machine, or a script without a first line that says what runs it.`,
    remedy: mend.platform,
  },
];

/** The cause of a failed create or start in the engine's words; undefined when the image is not to blame. */
export function startFailure(words: string): StartFailure | undefined {
  return match(engineCauses, words);
}

/** One that ended as the kernel ends what takes more memory than it may, on an engine that does not tell why. */
export const killedForUnknownReason: StartFailure = {
  why: 'It was killed (exit code 137), as the kernel does with what takes more memory than it may; this engine does not tell the reason.',
  remedy: 'Give it more memory with `resources: { memory: … }` if nobody else ended it, or let it need less.',
};
export const killedExitCode = 137;

/** The same for one that ended: by the last lines of its log. */
export function initFailure(lines: readonly string[]): StartFailure | undefined {
  for (const line of lines) {
    const found = match(initCauses, line.trim());
    if (found) return found;
  }
  return undefined;
}

function match(causes: readonly Cause[], words: string): StartFailure | undefined {
  for (const { pattern, why, remedy } of causes) {
    const found = pattern.exec(words);
    if (found) return { why: why(found.slice(1).find(Boolean) ?? ''), remedy };
  }
  return undefined;
}
