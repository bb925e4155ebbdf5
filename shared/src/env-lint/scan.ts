/** One file of an app's source: the variables that it reads, and the words of it that may be variables. */
import { type Language, languages, type ReadForm } from './languages.ts';
import { mask } from './mask.ts';

export interface FileRead {
  name: string;
  /** From 1. */
  line: number;
  /** What the source takes without a value: the text where it is a simple one, else true. */
  fallback?: string | true;
}

export interface FileScan {
  reads: readonly FileRead[];
  /** Names in capitals outside of comments, whatever they are for. */
  words: readonly string[];
  /** Variables that a Dockerfile gives to the image. */
  sets: readonly string[];
  /** Reads by a name that is worked out: any variable may be meant. */
  computed: boolean;
}

/** Most of each kind that one file is taken to tell; more is data and no source. */
const mostReads = 500;
const mostWords = 2_000;

/** True for files that are worth a look: source, and what else of an app may name variables. */
export function isScanned(file: string): boolean {
  return languageOf(file) !== undefined || isDockerfile(file) || mentioning.test(file) || script.test(file);
}

/** Texts that may name a variable for some program that reads it; not what is written about an app. */
const mentioning =
  /\.(?:json|ya?ml|toml|ini|cfg|conf|properties|xml|sh|bash|mjml|tmpl|tpl|hcl|nix|clj|cljs|lua|cr|hs|erl|ml|r|jl|sql|html?|ejs|hbs|pug)$|(?:^|\/)(?:Procfile|Makefile|Justfile|Caddyfile|(?:docker-)?entrypoint)$/i;
/** Programs without an ending: scripts, as far as they are text. */
const script = /^(?:(?:.*\/)?(?:s?bin|scripts?|docker|exe)\/)?[a-z][\w-]*$/;
/** Lists of variables, which are no readers of them; locks, which are long. */
const unmentioning =
  /(?:^|\/)(?:\.env[^/]*|cloud_manifest\.\w+|(?:docker-)?compose[\w.-]*\.ya?ml|app\.json|package-lock\.json|pnpm-lock\.yaml)$/i;
/** Tests and their tools read what only they are given. */
const ofTests =
  /(?:^|\/)(?:tests?|specs?|__tests__|__mocks__|e2e|cypress|fixtures?)\/|[._-](?:test|spec|cy|e2e)\.\w+$|(?:^|\/)(?:test_[^/]*\.py|conftest\.py|[^/]*_test\.(?:go|py|rb|exs)|(?:jest|vitest|playwright|cypress|karma)\.config\.\w+)$|(?:^|\/)src\/test\//i;

export function scanFile(file: string, text: string): FileScan {
  const language = languageOf(file);
  const masked = language ? mask(text, language.syntax) : { code: text, inString: () => false };
  const lineAt = lineCounter(text);
  const seen = new Map<string, FileRead>();
  const words = new Set<string>();
  const own = !ofTests.test(file);
  const forms = (own && language?.reads) || [];
  const found = forms.flatMap((form) =>
    form.requires && !form.requires.test(masked.code) ? [] : readsOf(form, masked),
  );
  const asked = new Set(found.flatMap(({ name, asks }) => (asks ? name : [])));
  for (const { name, at, fallback = asked.has(name) || undefined } of found) {
    const key = `${name} ${fallback !== undefined}`;
    if (seen.size < mostReads && !seen.has(key)) {
      seen.set(key, { name, line: lineAt(at), ...(fallback === undefined ? {} : { fallback }) });
    }
  }
  if (!unmentioning.test(file)) {
    for (const [word] of masked.code.matchAll(/(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]{1,127}(?![A-Za-z0-9_])/g)) {
      if (words.size < mostWords) words.add(word);
    }
  }
  return {
    reads: [...seen.values()],
    words: [...words],
    sets: isDockerfile(file) ? dockerEnv(text) : [],
    computed: own && language !== undefined && isComputed(language, masked),
  };
}

/** True for source of an app, and not for what only comes with it. */
export function isSource(file: string): boolean {
  return languageOf(file) !== undefined && !ofTests.test(file);
}

function languageOf(file: string): Language | undefined {
  return languages.find(({ files }) => files.test(file));
}

interface Found {
  name: string;
  at: number;
  fallback?: string | true;
  /** What the app does depends on whether there is a value. */
  asks?: boolean;
}

function readsOf(form: ReadForm, { code, inString }: ReturnType<typeof mask>): Found[] {
  return [...code.matchAll(form.pattern)].flatMap((match): Found[] => {
    const { index: at, groups = {} } = match;
    if (inString(at) !== (form.inString ?? false)) return [];
    if (groups.names !== undefined) return taken(groups.names, at);
    const end = at + match[0].length;
    if (/(?:\bdelete|\bdel|\bunset\()\s*(?:os\.)?$/.test(code.slice(Math.max(0, at - 12), at)) || written(code, end))
      return [];
    const fallback = fallbackAt(form, code, end) ?? (form.optional ? true : undefined);
    const asks = form.asks ?? isAsked(code, at, end);
    return [{ name: groups.name ?? '', at, asks, ...(fallback === undefined ? {} : { fallback }) }];
  });
}

const asksBefore = /(?:\b(?:if|elif|elsif|while|when|and|Boolean)\b\s*\(?\s*|!!\s*|&&\s*)(?:os\.)?$/;
/** Without a value something else is done, or nothing can be. */
const asksForNone = { before: /\bunless\b\s*\(?\s*$/, behind: /^\s*\.(?:to_s\.)?(?:blank|nil|empty)\?/ };
const asksBehind = /^\s*\.present\?/;
const ends = /\b(?:raise|abort|fail|exit)\b/;

/** `if (X)`, `!!X`, `X.present?`: told by what stands right around the read. */
function isAsked(code: string, at: number, end: number): boolean {
  const before = /[^\n]*$/.exec(code.slice(Math.max(0, at - 200), at))?.[0] ?? '';
  const behind = code.slice(end, end + 200);
  const forNone = asksForNone.before.test(before) || asksForNone.behind.test(behind);
  if (forNone) return !ends.test(before + twoLines(behind));
  return asksBefore.test(before) || asksBehind.test(behind);
}

/** The rest of the line and the line behind it. */
function twoLines(after: string): string {
  return after.split('\n', 2).join('\n');
}

/** It gets a value here. */
function written(code: string, end: number): boolean {
  return /^\s*\]?=(?![=~>])/.test(code.slice(end, end + 10));
}

function fallbackAt({ fallback }: ReadForm, code: string, end: number): string | true | undefined {
  if (!fallback) return undefined;
  fallback.lastIndex = end;
  const match = fallback.exec(code);
  return match ? (match.groups?.text ?? match.groups?.bare ?? true) : undefined;
}

/** `{ A, B: b, C = 'x' }` */
function taken(names: string, at: number): Found[] {
  return names.split(',').flatMap((part): Found[] => {
    const match = /^\s*([A-Za-z_]\w{0,127})\s*(?::\s*\w+)?\s*(=\s*(?:(['"`])([^'"`$\\]*)\3\s*$)?)?/.exec(part);
    if (!match?.[1]) return [];
    return [{ name: match[1], at, ...(match[2] === undefined ? {} : { fallback: match[4] ?? true }) }];
  });
}

function isComputed({ computed, libraries }: Language, { code, inString }: ReturnType<typeof mask>): boolean {
  return [computed, libraries].some(
    (pattern) => pattern && [...code.matchAll(pattern)].some(({ index }) => !inString(index)),
  );
}

/** True for what an image is built by, wherever it lies. */
export function isDockerfile(file: string): boolean {
  return /(?:^|\/)(?:(?:Docker|Container)file(?:\.[\w-]+)?|[\w-]+\.(?:Docker|Container)file)$/i.test(file);
}

/** `ENV A=1 B="2"`, and `ENV A 1` of old. https://docs.docker.com/reference/dockerfile/#env */
function dockerEnv(text: string): string[] {
  const joined = text.replace(/\\[ \t]*\r?\n(?:[ \t]*#[^\n]*\n)*/g, ' ');
  return [...joined.matchAll(/^[ \t]*ENV[ \t]+(.+)$/gim)].flatMap(([, rest = '']) => {
    const pairs = [...rest.matchAll(/(?:^|[ \t])([A-Za-z_]\w*)=(?:"(?:\\.|[^"\\])*"|'[^']*'|\S*)/g)];
    return pairs.length > 0 ? pairs.map(([, name = '']) => name) : (/^[A-Za-z_]\w*/.exec(rest) ?? []);
  });
}

/** Lines from 1, for offsets that may come in any order. */
function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    const next = starts.findIndex((start) => start > offset);
    return next < 0 ? starts.length : next;
  };
}
