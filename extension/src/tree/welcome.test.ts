import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppSummary } from 'minicloud-shared/model/app';
import type { Problem } from 'minicloud-shared/model/problem';
import type { Connection, Link } from '../servers/connection.ts';
import { emptySnapshot } from '../servers/snapshot.ts';
import { emptiness } from './welcome.ts';

const problem: Problem = { code: 'internal', what: '', object: '', why: '', still: '', remedy: '', evidence: [] };
const noToken: Problem = { ...problem, what: 'There is no token for this server' };
const app = (name: string): AppSummary => ({
  id: name,
  name,
  kind: 'container',
  environment: 'production',
  state: 'running',
  urls: [],
  createdAt: 0,
  updatedAt: 0,
});
const server = (link: Link, apps?: string[]) => ({
  connection: { link, snapshot: { ...emptySnapshot, ...(apps ? { apps: apps.map(app) } : {}) } } as Connection,
});
const all = { matches: () => true };
const none = { matches: () => false };

test('one reason for all servers is a welcome view, several are rows', () => {
  const online = server({ state: 'online' }, []);
  const away = server({ state: 'unreachable', problem });
  assert.equal(emptiness([], all), 'no');
  assert.equal(emptiness([online], all), 'noApps');
  assert.equal(emptiness([online, online], all), 'noApps');
  assert.equal(emptiness([away], all), 'unreachable');
  assert.equal(emptiness([server({ state: 'rejected', problem })], all), 'rejected');
  assert.equal(emptiness([online, away], all), 'no');
  assert.equal(emptiness([server({ state: 'rejected', problem: noToken })], all), 'noToken');
});

test('apps that were seen once stay while their server is away, and while it is being asked', () => {
  assert.equal(emptiness([server({ state: 'unreachable', problem }, ['shop'])], all), 'no');
  assert.equal(emptiness([server({ state: 'connecting' })], all), 'no');
});

test('a filter that hides everything is said', () => {
  assert.equal(emptiness([server({ state: 'online' }, ['shop'])], none), 'filtered');
  assert.equal(emptiness([server({ state: 'online' }, ['shop'])], all), 'no');
});
