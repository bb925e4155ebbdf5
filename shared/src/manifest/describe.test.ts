/** The pages of the keys, made from the schema. UPDATE_SNAPSHOTS=1 writes them anew. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { describePath, type KeyDescription, keyPage, type PathDescription } from './describe.ts';
import type { Path } from './path.ts';

const page = new URL('../../docs/manifest-keys.md', import.meta.url);

test('a path is on the page of its key', () => {
  const rows: [path: Path, expected: string][] = [
    [['name'], 'name'],
    [['expose', 0, 'domains', 1], 'expose.domains'],
    [['processes', 'web', 'command'], 'processes.NAME.command'],
    [['processes', 'web'], 'processes'],
    [['env', 'PORT'], 'env'],
    [['support', 'name', 'volumes', 2, 'path'], 'support.NAME.volumes.path'],
    [['needs', 1, 'database', 'engine'], 'needs.database.engine'],
    [[], ''],
  ];
  for (const [path, expected] of rows) assert.equal(keyPage(path), expected, path.join());
});

test('every key of the language has its page, and a path to any of them finds it', () => {
  const all = keys([]);
  assert.ok(all.length > 100, `only ${all.length}`);
  const written = `# The keys of a manifest\n\nMade from the schema of the language, version 1.\n\n${all.map(section).join('\n\n')}\n`;
  if (process.env.UPDATE_SNAPSHOTS === '1') writeFileSync(page, written);
  assert.equal(readFileSync(page, 'utf8'), written);
  for (const path of all) assert.ok(written.includes(`\n## ${keyPage(path)}\n`), path.join());
  assert.equal(new Set(all.map(keyPage)).size, all.length, 'two keys on one page');
});

/** Every key below a path; lists by their first entry, free names by NAME. */
function keys(path: Path): Path[] {
  const described = describePath(path);
  const named = described?.keys ?? [];
  const inside = named.flatMap(({ key }) => [[...path, key], ...keys([...path, key])]);
  if (described?.items) return [...inside, ...keys([...path, 0])];
  const free = named.length === 0 && describePath([...path, 'NAME']);
  return free ? keys([...path, 'NAME']) : inside;
}

function section(path: Path): string {
  const described = describePath(path) ?? assert.fail(path.join());
  return [`## ${keyPage(path)}`, ...lines(described), ...inside(path, described)].join('\n\n');
}

function lines({ description, says, type, required, values, examples, ...rest }: PathDescription): string[] {
  return [
    ...(description ? [sentence(description)] : []),
    `A ${type.replaceAll(' | ', ' or a ')}${required ? ', required' : ''}.`,
    ...(says ? [sentence(says)] : []),
    ...(values && values.length > 1 ? [`One of ${values.map(code).join(', ')}.`] : []),
    ...(rest.default === undefined ? [] : [`Default: ${code(rest.default)}`]),
    ...(examples?.length ? [`Example: ${examples.map(code).join(', ')}`] : []),
  ];
}

function inside(path: Path, { keys, items }: PathDescription): string[] {
  const entry = items ?? { keys: keys ?? describePath([...path, 'NAME'])?.keys ?? [] };
  const words = items?.values ? [`Each entry is one of ${items.values.map(code).join(', ')}, or a map.`] : [];
  const found = (entry.keys ?? []).map(row);
  return [...words, ...(found.length > 0 ? [found.join('\n')] : [])];
}

function row({ key, description, required }: KeyDescription): string {
  return `- \`${key}\`${required ? ', required' : ''}: ${description}`;
}

function code(value: unknown): string {
  return `\`${typeof value === 'object' ? JSON.stringify(value) : String(value)}\``;
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
