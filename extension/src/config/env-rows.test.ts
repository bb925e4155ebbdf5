import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untranslated } from '../translate.ts';
import { type EnvChange, envRows, type Known } from './env-rows.ts';

const nothing: Known = { entries: [], listed: [], brought: [] };
const rowsOf = (values: Record<string, string>, known: Partial<Known> = {}, changes: Record<string, EnvChange> = {}) =>
  envRows(new Map(Object.entries(values)), { ...nothing, ...known }, new Map(Object.entries(changes)), untranslated);

test('what is called or looks like a secret is one, and what the manifest lists', () => {
  const { rows } = rowsOf(
    { LOG_LEVEL: 'debug', API_KEY: 'abcdefgh', LINK: 'https://me:word@example.com/', PLAIN: 'x' },
    { listed: ['PLAIN'] },
  );
  assert.deepEqual(
    rows.map(({ name, kind, change }) => [name, kind, change]),
    [
      ['LOG_LEVEL', 'config', 'new'],
      ['API_KEY', 'secret', 'new'],
      ['LINK', 'secret', 'new'],
      ['PLAIN', 'secret', 'new'],
    ],
  );
});

test('what the server has keeps its kind, and is as new as the server says', () => {
  const { rows } = rowsOf(
    { API_KEY: 'abcdefgh', A: '1', B: '2' },
    { entries: ['API_KEY', 'A', 'B'].map((name) => ({ name, kind: 'config' })) },
    { A: 'same', B: 'changed' },
  );
  assert.deepEqual(
    rows.map(({ name, kind, fixed, change }) => [name, kind, fixed, change]),
    [
      ['API_KEY', 'config', true, 'changed'],
      ['A', 'config', true, 'same'],
      ['B', 'config', true, 'changed'],
    ],
  );
});

test('what the server would refuse is left out with the reason, and never with a value', () => {
  const { rows, left } = rowsOf(
    { PORT: '3000', MINICLOUD_APP: 'x', DATABASE_URL: 'mysql://planted', 'a.b': 'planted', KEPT: '1' },
    { brought: ['DATABASE_URL'] },
  );
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['KEPT'],
  );
  assert.deepEqual(left, [
    { name: 'PORT', why: 'Minicloud sets it itself' },
    { name: 'MINICLOUD_APP', why: 'Minicloud sets it itself' },
    { name: 'DATABASE_URL', why: 'a service of the app brings it' },
    { name: 'a.b', why: 'no name for a variable' },
  ]);
  assert.doesNotMatch(JSON.stringify(left), /planted/);
});
