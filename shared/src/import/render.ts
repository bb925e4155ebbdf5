/** The text of an imported manifest: commented, and without an error, whatever went into it. */
import { Document, isMap, isPair, isScalar, isSeq, type Pair, Scalar, visit } from 'yaml';
import { missingFeatures } from '../manifest/features.ts';
import { visible } from '../manifest/mask.ts';
import { parseManifest } from '../manifest/parse.ts';
import { formatPath, parsePath } from '../manifest/path.ts';
import type { ManifestInput } from './assemble.ts';
import type { Imported, NotImported } from './model.ts';
import type { Report } from './report.ts';
import { commandHoldsSecret, holdsSecret } from './secrets.ts';
import { isFields, textsOf } from './values.ts';

/** What could not be mapped is listed in the file up to here; the report has all of it. */
const mostLines = 30;
const mostRounds = 20;

export interface Rendering {
  /** `docker-compose.yml (service web)`. */
  from: string;
  report: Report;
  services: string[];
  /** What the server offers, where it is known. */
  offered: readonly string[] | undefined;
}

/**
 * Writes the manifest and reads it again by the rules of every manifest. What they refuse is taken out and told, so that
 * the answer never has an error.
 */
export function renderImport(
  manifest: ManifestInput,
  { from, report, services, offered }: Rendering,
): Imported | NotImported {
  removeUnwritable(manifest, [], report);
  for (let round = 0; round < mostRounds; round += 1) {
    const result = report.result();
    const text = write(manifest, from, result);
    const { manifest: read, diagnostics } = parseManifest(text);
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    const stopFirst = diagnostics.some(({ code }) => code === 'manifest/stop-first-needed');
    if (errors.length === 0 && !(stopFirst && manifest.rollout === undefined)) {
      const notOffered = read ? missingFeatures(read, offered) : [];
      return { ok: true, manifest: text, app: manifest.name, services, notOffered, ...result };
    }
    if (errors.length === 0) {
      manifest.rollout = { strategy: 'stop-first' };
      report.note(
        'rollout: the data bears one writer at a time, so a deploy stops the old release before it starts the new one.',
      );
    }
    // From the last one on: what is taken out of a list moves what comes after it.
    const removed = errors.reverse().filter(({ path, message }) => {
      const gone = remove(manifest, parsePath(path));
      if (!gone) return false;
      report.undo(path);
      report.left(path, message);
      return true;
    });
    if (errors.length > 0 && removed.length === 0)
      return { ok: false, why: errors[0]?.message ?? '', remedy: 'Write the manifest by hand.' };
  }
  return {
    ok: false,
    why: 'Too much of it is nothing that a manifest can hold.',
    remedy: 'Write the manifest by hand.',
  };
}

type Told = Pick<Imported, 'notMapped' | 'secrets' | 'notes'>;

function write(manifest: ManifestInput, from: string, told: Told): string {
  const doc = new Document(manifest, { version: '1.2', aliasDuplicateObjects: false });
  visit(doc, {
    Pair(_, { key, value }) {
      // Arguments on one line, as people write them.
      if (isScalar(key) && ['command', 'domains', 'capabilities'].includes(String(key.value)) && isSeq(value))
        value.flow = true;
    },
    Scalar(_, node) {
      if (typeof node.value === 'string' && /[\n\t]/.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  // The manifest itself comes first; what is not in it is listed below.
  doc.commentBefore = asComment(header(from, told));
  const rest = footer(told);
  if (rest.length > 0) doc.comment = asComment(rest);
  if (isMap(doc.contents)) for (const pair of doc.contents.items) comment(pair, manifest);
  return doc.toString({ indentSeq: false, lineWidth: 0, flowCollectionPadding: false });
}

function header(from: string, { notMapped, secrets }: Told): string[] {
  const left = notMapped.length === 0 ? '' : ' What was not taken over is listed at the end.';
  return [
    `Made from ${from}. Read it, then plan it: nothing runs before you deploy.${left}`,
    ...list(
      'To be set on the server, as their values are not in this file:',
      secrets.map(({ name, field }) => `${name} (${field})`),
    ),
  ];
}

function footer({ notMapped, notes }: Told): string[] {
  const lines = [
    ...list(
      'Not taken over:',
      notMapped.map(({ field, why }) => `${field}: ${why}`),
    ),
    ...list('To know:', notes),
  ];
  return lines.slice(1);
}

function list(title: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length - mostLines;
  return [
    '',
    title,
    ...items.slice(0, mostLines).map((item) => `- ${item}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ];
}

function asComment(lines: readonly string[]): string {
  return lines.map((line) => ` ${line}`.trimEnd()).join('\n');
}

/** What a section is for, above it. */
const meanings: Record<string, (manifest: ManifestInput) => string> = {
  build: () => 'How the image is made from the source beside this file.',
  expose: () => 'What visitors reach, by a domain; without one by NAME.SERVER-DOMAIN.',
  env: () => 'Readable by everybody who has this file.',
  secrets: () => 'Names only; the values are on the server.',
  needs: () => 'What the server brings; the app gets the addresses in variables.',
  support: () => 'Reached by the app only, by these names.',
  release: () => 'Runs in the new image before it gets traffic.',
  healthcheck: () => 'A release gets traffic when this answers with a status below 400.',
};

function comment(pair: Pair, manifest: ManifestInput): void {
  const { key } = pair;
  if (!isPair(pair) || !isScalar(key)) return;
  const text = Object.hasOwn(meanings, String(key.value)) ? meanings[String(key.value)]?.(manifest) : undefined;
  if (text === undefined) return;
  key.commentBefore = ` ${text}`;
  key.spaceBefore = true;
}

/** Takes out texts that must not be in the file, or that a manifest can't hold: secrets, and what nobody sees. */
function removeUnwritable(value: unknown, path: (string | number)[], report: Report): void {
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : isFields(value)
      ? Object.entries(value)
      : [];
  for (const [key, item] of entries.reverse()) {
    const inside = [...path, key];
    const why = typeof item === 'string' || key === 'command' ? unwritable(item) : undefined;
    if (why === undefined) removeUnwritable(item, inside, report);
    else {
      report.undo(formatPath(inside));
      report.left(formatPath(inside), why);
      if (Array.isArray(value)) value.splice(Number(key), 1);
      else if (isFields(value)) delete value[key];
    }
  }
}

function unwritable(value: unknown): string | undefined {
  const texts = textsOf(value);
  if (texts.some((text) => visible(text.replace(/[\n\t]/g, ' ')) !== text.replace(/[\n\t]/g, ' ')))
    return 'It has characters that can not be seen, and a manifest holds none.';
  const secret = Array.isArray(value) ? commandHoldsSecret(texts) : texts.some(holdsSecret);
  return secret
    ? 'It holds what looks like a secret, and a manifest holds none; let the app read it from a variable under secrets.'
    : undefined;
}

/** Takes a value out, or what is around it when it is not there. False when nothing but the name would be left to take. */
function remove(manifest: object, path: (string | number)[]): boolean {
  const [first] = path;
  if (first === undefined || first === 'name') return false;
  let holder: unknown = manifest;
  for (const [index, part] of path.entries()) {
    const next: unknown =
      isFields(holder) || Array.isArray(holder) ? (holder as Record<string | number, unknown>)[part] : undefined;
    const last = index === path.length - 1 || !(isFields(next) || Array.isArray(next));
    if (next === undefined) return false;
    if (last && Array.isArray(holder)) return holder.splice(Number(part), 1).length > 0;
    if (last) return delete (holder as Record<string, unknown>)[part];
    holder = next;
  }
  return false;
}
