import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Api } from './api.ts';
import { sourceOf } from './source.ts';

/** A server that tells this of its app, and what it is asked for. */
function asked(
  detail: object,
  list: object | Error = { version: 1, entries: [{ name: 'A', kind: 'config' }] },
): { asked: string[]; detail: Promise<{ entries?: readonly object[] }> } {
  const questions: string[] = [];
  const answering = (name: string, value: object) => ({
    query: async () => {
      questions.push(name);
      if (value instanceof Error) throw value;
      return value;
    },
  });
  const api = {
    apps: { get: answering('apps.get', detail) },
    config: { list: answering('config.list', list) },
  };
  return { asked: questions, detail: sourceOf(api as unknown as Api).detail('shop') };
}

test('who set config vars and secrets is asked where there are any, and nothing where the server knows none', async () => {
  const some = asked({ name: 'shop', config: [{ name: 'A', kind: 'config' }] });
  assert.deepEqual((await some.detail).entries, [{ name: 'A', kind: 'config' }]);
  assert.deepEqual(some.asked, ['apps.get', 'config.list']);
  const none = asked({ name: 'shop', config: [] });
  assert.deepEqual((await none.detail).entries, []);
  assert.deepEqual(none.asked, ['apps.get']);
  const older = asked({ name: 'shop' });
  assert.equal('entries' in (await older.detail), false);
  assert.deepEqual(older.asked, ['apps.get']);
});

test('what is known of an app stays known when its config can not be told', async () => {
  const { detail } = asked({ name: 'shop', config: [{ name: 'A', kind: 'config' }] }, new Error('gone'));
  assert.deepEqual(Object.keys(await detail).includes('entries'), false);
});
