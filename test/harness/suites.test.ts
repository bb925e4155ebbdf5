import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Suite, selectSuites, suites, unanswered } from './suites.ts';

const onDisk: Record<string, string[]> = {
  unit: ['server/src/deploy/plan.test.ts', 'shared/src/manifest/parse.test.ts'],
  contract: ['test/contract/engine.test.ts'],
  e2e: ['test/e2e/deploy.test.ts', 'test/e2e/network-matrix.test.ts'],
};
const filesOf = (suite: Suite) => onDisk[suite.name] ?? [];
const select = (...args: string[]) => {
  const { selected, unknown } = selectSuites(args, filesOf);
  return { selected: selected.map(({ suite, files }) => [suite.name, ...files]), unknown };
};

test('without arguments every suite is run, also those without files, so that their absence is told', () => {
  assert.deepEqual(
    select().selected.map(([name]) => name),
    suites.map((suite) => suite.name),
  );
});

test('a name chooses a suite', () => {
  assert.deepEqual(select('e2e').selected, [['e2e', ...(onDisk.e2e ?? [])]]);
});

test('other words choose files, in the named suites or in all', () => {
  assert.deepEqual(select('e2e', 'deploy').selected, [['e2e', 'test/e2e/deploy.test.ts']]);
  assert.deepEqual(select('deploy').selected, [
    ['unit', 'server/src/deploy/plan.test.ts'],
    ['e2e', 'test/e2e/deploy.test.ts'],
  ]);
});

test('a word that matches nothing is told', () => {
  assert.deepEqual(select('e2e', 'deploi'), { selected: [], unknown: ['deploi'] });
});

test('a name pattern of a suite that no test answers to is told, where all of its files ran', () => {
  const suite = suites.find(({ name }) => name === 'podman');
  assert.ok(suite?.tests);
  const files = ['a', 'b'];
  const [first] = suite.tests;
  const names = new Set(['engine podman', 'fine']);
  assert.deepEqual(unanswered({ suite, files }, files, names), suite.tests.slice(1));
  assert.deepEqual(unanswered({ suite, files }, files, new Set(['of engine podman'])).includes(first ?? ''), true);
  assert.deepEqual(unanswered({ suite, files: ['a'] }, files, names), []);
});
