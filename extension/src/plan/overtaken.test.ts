/** When a plan that is open is one of before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Snapshot } from '../servers/snapshot.ts';
import { overtaken } from './overtaken.ts';

const plan = { app: 'shop', fromRelease: 2, toRelease: 3 };

function known(serving: number | undefined, begun?: number): Pick<Snapshot, 'apps' | 'operations'> {
  const release = serving === undefined ? {} : { release: serving };
  const operations = begun === undefined ? [] : [['shop', { app: 'shop', release: begun }] as const];
  return { apps: [{ name: 'shop', ...release }], operations: new Map(operations) } as never;
}

test('a release that was begun or serves since then overtakes a plan, also a failed one', () => {
  assert.equal(overtaken(plan, known(2)), false);
  assert.equal(overtaken(plan, known(3)), true);
  assert.equal(overtaken(plan, known(2, 2)), false);
  assert.equal(overtaken(plan, known(2, 3)), true);
  // Planned while release 3 was being deployed, which then serves.
  assert.equal(overtaken({ ...plan, toRelease: 4 }, known(2, 3)), false);
  assert.equal(overtaken({ ...plan, toRelease: 4 }, known(3, 3)), true);
  assert.equal(overtaken({ app: 'shop', toRelease: 1 }, known(undefined, 1)), true);
});

test('what is not known, or older than the plan, makes nothing of it', () => {
  assert.equal(overtaken(plan, known(1)), false);
  assert.equal(overtaken(plan, known(1, 1)), false);
  assert.equal(overtaken(plan, { operations: new Map() }), false);
  assert.equal(overtaken({ app: 'shop', toRelease: 1 }, { apps: [], operations: new Map() }), false);
});

test('what was set since then overtakes a plan, too', () => {
  const set = (version: number) => ({ ...known(2), configs: new Map([['shop', version]]) });
  assert.equal(overtaken(plan, set(4)), true);
  assert.equal(overtaken(plan, set(4), 4), false);
  assert.equal(overtaken(plan, set(5), 4), true);
  assert.equal(overtaken({ ...plan, app: 'other' }, set(4)), false);
});
