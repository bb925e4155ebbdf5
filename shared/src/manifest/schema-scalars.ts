/** The kinds of single values a manifest holds: what each accepts, how a wrong one is named, what was probably meant. */
import * as z from 'zod';
import { appNamePattern } from '../model/app.ts';
import { splitCommand } from './command.ts';
import { scheduleFault } from './cron.ts';
import { normalizeDomain } from './domain.ts';
import { closest } from './suggest.ts';
import {
  durationPattern,
  parseDuration,
  parsePercent,
  parseSize,
  percentPattern,
  sizePattern,
  suggestDuration,
  suggestPercent,
  suggestSize,
} from './units.ts';

/** What is said when a value is not of its kind. */
export interface ScalarRule {
  /** Stable diagnostic code. */
  code: string;
  /** The rule, as the second half of a sentence: `a port is a whole number from 1 to 65535`. */
  says: string;
  /** What exactly is wrong with this value, instead of `says`. */
  explain?: (value: string | number) => string | undefined;
  /** A value that was probably meant; offered as a fix when it is accepted. */
  suggest?: (value: string | number) => string | number | undefined;
}

/** The rule of each scalar schema; inherited by what is made from it with `.describe()` and `.meta()`. */
export const scalarRules = z.registry<ScalarRule>();

/** Schemas whose numbers and booleans are taken as the text they are written as. */
export const textual = z.registry<{ textual: true }>();

function ruled<S extends z.ZodType>(schema: S, rule: ScalarRule): S {
  scalarRules.add(schema, rule);
  return schema;
}

export const appName = ruled(z.string().regex(appNamePattern), {
  code: 'manifest/name',
  says: 'an app name is 2 to 40 of a-z, 0-9 and -, starts with a letter and does not end with -',
  suggest: (value) => kebab(value, 40),
});

const partNamePattern = /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/;
/** Processes, support containers and jobs: they become host names and parts of container names. */
export const partName = ruled(z.string().regex(partNamePattern), {
  code: 'manifest/part-name',
  says: 'such a name is 1 to 32 of a-z, 0-9 and -, starts with a letter and does not end with -',
  suggest: (value) => kebab(value, 32),
});

export const environment = ruled(z.enum(['production', 'staging']), {
  code: 'manifest/value',
  says: 'write production or staging; variables go under env',
});

export const port = ruled(z.number().int().min(1).max(65535), {
  code: 'manifest/port-range',
  says: 'a port is a whole number from 1 to 65535',
});

/** A whole number in a range. */
export function count(min: number, max: number, what: string): z.ZodNumber {
  const says = `${what} is a whole number from ${min} to ${max}`;
  return ruled(z.number().int().min(min).max(max), {
    code: 'manifest/number-range',
    says,
    suggest: (value) => (Number.isFinite(Number(value)) ? clamp(Math.round(Number(value)), min, max) : undefined),
  });
}

export const cpus = ruled(z.number().min(0.01).max(256), {
  code: 'manifest/cpus',
  says: 'cpus is a number of cores from 0.01 to 256, such as 0.5',
  suggest: (value) => {
    const millis = /^(\d{1,6})m$/.exec(String(value));
    if (millis) return Number(millis[1]) / 1000;
    return Number.isFinite(Number(value)) ? clamp(Number(value), 0.01, 256) : undefined;
  },
});

/** A size as text; bounds are texts too: `size('6MB', '16TB', 'memory')`. */
export function size(min: string, max: string, what: string): z.ZodString {
  const [least, most] = [parseSize(min) ?? 0, parseSize(max) ?? Number.MAX_SAFE_INTEGER];
  const within = (text: string) => {
    const bytes = parseSize(text);
    return bytes !== undefined && bytes >= least && bytes <= most;
  };
  return ruled(z.string().regex(sizePattern).refine(within), {
    code: 'manifest/size',
    says: `${what} is a number with a unit from ${min} to ${max}, such as 256MB (10⁶ bytes) or 256MiB (2²⁰ bytes)`,
    suggest: (value) => nearest(suggestSize(value) ?? String(value), parseSize, min, max),
  });
}

/** A duration as text, between two durations. */
export function duration(min: string, max: string, what: string): z.ZodString {
  const [least, most] = [parseDuration(min) ?? 0, parseDuration(max) ?? Number.MAX_SAFE_INTEGER];
  const within = (text: string) => {
    const milliseconds = parseDuration(text);
    return milliseconds !== undefined && milliseconds >= least && milliseconds <= most;
  };
  return ruled(z.string().regex(durationPattern).refine(within), {
    code: 'manifest/duration',
    says: `${what} is a time from ${min} to ${max}, such as 500ms, 30s, 5m, 2h or 1d`,
    suggest: (value) => nearest(suggestDuration(value) ?? String(value), parseDuration, min, max),
  });
}

export const percent = ruled(
  z
    .string()
    .regex(percentPattern)
    .refine((text) => parsePercent(text) !== undefined),
  {
    code: 'manifest/percent',
    says: 'a step is a whole percentage from 1% to 100%',
    suggest: (value) => {
      const share = suggestPercent(value);
      return share === undefined ? undefined : `${clamp(Number.parseInt(share, 10), 1, 100)}%`;
    },
  },
);

export const domain = ruled(
  z
    .string()
    .min(1)
    .max(253)
    .refine((text) => normalizeDomain(text).ok),
  {
    code: 'manifest/domain',
    says: 'a domain is a name such as shop.example.com or *.example.com',
    explain: (value) => {
      const result = normalizeDomain(String(value));
      return result.ok ? undefined : `it ${result.why}. Write a name such as shop.example.com or *.example.com`;
    },
    suggest: (value) => {
      const result = normalizeDomain(String(value));
      return result.ok ? undefined : result.suggestion;
    },
  },
);

export const routePath = ruled(
  z.string().regex(/^\/(?!.*\/\/)(?!.*\/\.{1,2}(\/|$))[A-Za-z0-9._~!$&'()*+,;=:@/-]{0,200}$/),
  {
    code: 'manifest/route-path',
    says: 'a path starts with /, such as /api, and has no spaces, "..", "//", ? or #',
    suggest: (value) => (String(value).startsWith('/') ? undefined : `/${value}`),
  },
);

// Below /usr and /var are folders that images mean to be mounted over, such as /usr/share/nginx/html and /var/lib/mysql.
const systemFolder =
  '\\/(?:(?:proc|sys|dev|run|s?bin|lib(?:32|64|x32)?|boot|etc|usr\\/(?:local\\/)?(?:s?bin|lib(?:32|64|x32|exec)?)|var\\/(?:run|lock))(?:\\/|$)|(?:usr|usr\\/local|var|var\\/lib)$)';
const systemFolders = new RegExp(`^${systemFolder}`);
export const mountPath = ruled(
  z.string().regex(new RegExp(`^(?!${systemFolder})(\\/(?!\\.{1,2}(\\/|$))[A-Za-z0-9._@+-]{1,100}){1,20}$`)),
  {
    code: 'manifest/mount-path',
    says: 'a mount path is an absolute folder of the container, such as /data, without "..", "//", spaces or a / at the end',
    explain: (value) => {
      const text = String(value);
      if (text === '/') return 'a volume at / would hide the whole image; write a folder, such as /data';
      return systemFolders.test(text)
        ? 'a volume there would hide the system; write another folder, such as /data'
        : undefined;
    },
    suggest: (value) =>
      String(value)
        .replace(/^([^/])/, '/$1')
        .replace(/\/+$/, ''),
  },
);

/** A file or folder inside the source tree. */
export const filePath = ruled(z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))(?!.*[\\\u0000-\u001f]).{1,200}$/), {
  code: 'manifest/file-path',
  says: 'a path is relative to the folder that is built, uses / and does not lead out of it with ".."',
  suggest: (value) => (/^\/+[^/]/.test(String(value)) ? String(value).replace(/^\/+/, '') : undefined),
});

const imagePattern =
  /^(?=.{1,255}$)([a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d{1,5})?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/;
export const image = ruled(z.string().regex(imagePattern), {
  code: 'manifest/image',
  says: 'an image is written NAME, NAME:TAG or REGISTRY/NAME:TAG in lower case, such as docker.io/me/shop:1.4.2',
  suggest: (value) => {
    const bare = String(value)
      .trim()
      .replace(/^(https?|docker):\/\//, '');
    const colon = bare.lastIndexOf(':');
    const cut = colon > bare.lastIndexOf('/') ? colon : bare.length;
    return bare.slice(0, cut).toLowerCase() + bare.slice(cut);
  },
});

export const envName = ruled(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), {
  code: 'manifest/env-name',
  says: 'the name of a variable is made of letters, digits and _ and does not start with a digit',
  suggest: (value) =>
    String(value)
      .trim()
      .replace(/[^A-Za-z0-9_]+/g, '_')
      .replace(/^(\d)/, '_$1'),
});

export const gitRepo = ruled(
  z
    .string()
    .regex(
      /^(https?:\/\/[^\s@:/]+(:\d+)?\/[^\s@]+|ssh:\/\/[^\s:@/]+@[^\s@:/]+(:\d+)?\/\S+|[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^\s:]+)$/,
    ),
  {
    code: 'manifest/git-repo',
    says: 'a repository is written https://HOST/PATH.git or git@HOST:PATH.git, without a password',
    explain: (value) =>
      /:\/\/[^/\s]*:[^/\s]*@/.test(String(value))
        ? 'a password in a URL is readable by everybody who reads the file; remove it and give the server the credentials'
        : undefined,
    suggest: (value) => String(value).replace(/^(https?:\/\/)[^/\s]*@/, '$1'),
  },
);
export const gitBranch = ruled(
  z.string().regex(/^(?![-/.])(?!.*(\.\.|\/\/|@\{))[^\s~^:?*[\\\u0000-\u001f]{1,200}(?<![/.])$/),
  {
    code: 'manifest/git-branch',
    says: 'a branch is the name of a branch or tag, such as main',
  },
);

export const schedule = ruled(
  z
    .string()
    .min(9)
    .refine((text) => scheduleFault(text) === undefined),
  {
    code: 'manifest/schedule',
    says: 'a schedule is five fields, minute hour day month weekday, such as "0 3 * * *"',
    explain: (value) => {
      const fault = scheduleFault(String(value));
      return fault && `${fault}. Every night at three is "0 3 * * *"`;
    },
    suggest: (value) => nicknames[String(value).toLowerCase()],
  },
);
const nicknames: Partial<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
};

export const timezone = ruled(
  z
    .string()
    .min(1)
    .refine((name) => isTimezone(name)),
  {
    code: 'manifest/timezone',
    says: 'a time zone is a name such as Europe/Amsterdam or UTC',
    suggest: (value) => {
      const known = Intl.supportedValuesOf('timeZone');
      const city = known.find((name) =>
        name.toLowerCase().endsWith(`/${String(value).toLowerCase().replaceAll(' ', '_')}`),
      );
      return city ?? closest(String(value), known);
    },
  },
);

export const user = ruled(z.string().regex(/^([a-z_][a-z0-9_-]{0,31}|\d{1,9})(:([a-z_][a-z0-9_-]{0,31}|\d{1,9}))?$/), {
  code: 'manifest/user',
  says: 'a user is a name or a number, with or without a group: "1000", "1000:1000" or node',
  suggest: (value) => String(value).trim().toLowerCase().replaceAll(' ', '-'),
});

export const majorVersion = ruled(z.string().regex(/^\d{1,4}(\.\d{1,4}){0,2}$/), {
  code: 'manifest/engine-version',
  says: 'a version is written as digits and dots in quotes, such as "17" or "11.8"',
  suggest: (value) => /^v?(\d+(\.\d+)*)/.exec(String(value))?.[1],
});

export const word = ruled(z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/), {
  code: 'manifest/word',
  says: 'this is a word of up to 63 letters, digits, ".", "_", "/" and "-"',
  suggest: (value) =>
    String(value)
      .replace(/[^A-Za-z0-9._/-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 63)
      .replace(/[^A-Za-z0-9]+$/, ''),
});

export const freeText = ruled(z.string().min(1).max(1000), {
  code: 'manifest/text',
  says: 'this is text of 1 to 1000 characters',
});

/** A variable's value; a number or true is taken as it is written. */
export const envValue = z.union([z.string().max(65_536), z.number(), z.boolean()]);
textual.add(envValue, { textual: true });

const commandLine = ruled(
  z
    .string()
    .min(1)
    .refine((text) => splitCommand(text).ok),
  {
    code: 'manifest/command',
    says: 'a command is a list of arguments or one line, such as "node server.js"',
    explain: (value) => {
      const split = splitCommand(String(value));
      return split.ok ? undefined : `it ${split.why}. Write a list, or [sh, -c, "…"] if the image has a shell`;
    },
  },
);
const commandArgument = z.union([z.string().max(65_536), z.number(), z.boolean()]);
textual.add(commandArgument, { textual: true });
/** A list of arguments, or one line that is split as a POSIX shell would. */
export const command = z.union([commandLine, z.array(commandArgument).min(1)]);

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '' && !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

function kebab(value: string | number, max: number): string {
  const words = String(value)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '');
  return words.slice(0, max).replace(/-+$/, '');
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

/** A quantity moved to the bound that it crosses; undefined when it is no quantity. */
function nearest(
  text: string,
  parse: (text: string) => number | undefined,
  min: string,
  max: string,
): string | undefined {
  const value = parse(text);
  if (value === undefined) return undefined;
  if (value < (parse(min) ?? 0)) return min;
  return value > (parse(max) ?? Number.MAX_SAFE_INTEGER) ? max : text;
}
