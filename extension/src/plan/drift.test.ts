import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change, Plan } from 'minicloud-shared/model/plan';
import { untranslated } from '../translate.ts';
import { createDriftCheck, type Drift, type DriftQuestion, driftKey, driftMessage, driftOf } from './drift.ts';

const change = (object: string, action: Change['action'] = 'change'): Change => ({
  action,
  object,
  consequence: 'none',
});
const plan = (objects: string[], fromRelease: number | undefined = 3): Plan => ({
  app: 'shop',
  creates: fromRelease === undefined,
  ...(fromRelease === undefined ? {} : { fromRelease }),
  toRelease: 4,
  image: 'nginx:1',
  digest: 'sha256:1',
  changes: objects.map((object) => change(object)),
  steps: [],
  consequence: 'none',
  notes: [],
  urls: [],
  hash: 'a'.repeat(64),
});
const question: DriftQuestion = { server: 'home', serverId: 'h', app: 'shop', release: 3, text: 'name: shop\n' };

function setUp(ask: (question: DriftQuestion, signal: AbortSignal) => Promise<Plan | undefined>) {
  const told: [file: string, objects: string[] | undefined][] = [];
  const tell = (file: string, drift: Drift | undefined): void =>
    void told.push([file, drift?.changes.map(({ object }) => object)]);
  const check = createDriftCheck({ ask, tell, isFinal: (error) => String(error).includes('forbidden') });
  return { check, told };
}

test('an app that is not there yet, and one that is as the file says, do not drift', () => {
  assert.equal(driftOf({ ...plan(['image']), creates: true }, 'home'), undefined);
  assert.equal(driftOf({ ...plan([]), changes: [change('image', 'keep')] }, 'home'), undefined);
  assert.equal(driftOf(plan(['image']), 'home')?.release, 3);
});

test('what is stored on the server and not deployed yet is no matter of the file', () => {
  assert.equal(driftOf(plan(['config LOG_LEVEL', 'secret STRIPE_KEY']), 'home'), undefined);
  const both = driftOf(plan(['config LOG_LEVEL', 'env LOG_LEVEL']), 'home');
  assert.deepEqual(
    both?.changes.map(({ object }) => object),
    ['env LOG_LEVEL'],
  );
});

test('the sentence names the first of what differs', () => {
  const four = driftOf(plan(['image', 'variable A', 'variable B', 'port 80']), 'home');
  assert.ok(four);
  assert.equal(
    driftMessage(four, untranslated),
    'home runs release 3 of shop, and this file says something else: image, variable A, variable B and 1 more.',
  );
});

test('a name can not forge a sentence of its own', () => {
  const drift = driftOf(plan(['data at /data\n\nNothing differs.\u202e']), 'home');
  assert.ok(drift);
  assert.match(driftMessage(drift, untranslated), /something else: data at \/dataNothing differs\.\.$/);
});

test('what may be otherwise by now says when it was so', () => {
  const drift = driftOf(plan(['image']), 'home');
  assert.ok(drift);
  assert.match(driftMessage(drift, untranslated, '12:30'), /something else: image\. As it was at 12:30\.$/);
});

test('text, release, image and server make another question', () => {
  const others = [{ text: 'name: b\n' }, { release: 4 }, { image: 'x' }, { serverId: 'i' }];
  const keys = [question, ...others.map((other) => ({ ...question, ...other }))].map(driftKey);
  assert.equal(new Set(keys).size, keys.length);
});

test('the same question is asked once', async () => {
  let asked = 0;
  const { check, told } = setUp(async () => {
    asked += 1;
    return plan(['image']);
  });
  await Promise.all([check.check('f', question), check.check('f', question)]);
  await check.check('f', question);
  assert.equal(asked, 1);
  assert.deepEqual(told.at(-1), ['f', ['image']]);
});

test('of two questions about a file the newer counts, and the older is given up', async () => {
  const signals: AbortSignal[] = [];
  const answers: ((plan: Plan) => void)[] = [];
  const { check, told } = setUp((_, signal) => {
    signals.push(signal);
    return new Promise((resolve) => answers.push(resolve));
  });
  const first = check.check('f', question);
  const second = check.check('f', { ...question, text: 'name: shop\nenv: {}\n' });
  assert.equal(signals[0]?.aborted, true);
  answers[1]?.(plan(['second']));
  await second;
  answers[0]?.(plan(['first']));
  await first;
  assert.deepEqual(told.at(-1), ['f', ['second']]);
});

test('a failure is silent and asked again; one that would stay is not', async () => {
  let asked = 0;
  let error = 'no answer in time';
  const { check, told } = setUp(async () => {
    asked += 1;
    throw new Error(error);
  });
  await check.check('f', question);
  error = 'forbidden';
  await check.check('f', question);
  await check.check('f', question);
  assert.equal(asked, 2);
  assert.ok(told.every(([, drift]) => drift === undefined));
});

test('a plan from another release than the one asked about says nothing', async () => {
  const { check, told } = setUp(async () => plan(['image'], 4));
  await check.check('f', question);
  assert.ok(told.every(([, drift]) => drift === undefined));
});

test('a plan that was made anyway answers the question', async () => {
  const { check, told } = setUp(() => Promise.reject(new Error('was asked')));
  check.learn(question, plan(['port 80']));
  await check.check('f', question);
  assert.deepEqual(told, [['f', ['port 80']]]);
});

test('of a server that was let go it tells what was found, and asks nothing', async () => {
  let asked = 0;
  const { check, told } = setUp(async () => {
    asked += 1;
    return plan(['image']);
  });
  check.recall('f', question);
  assert.deepEqual(told, [['f', undefined]]);
  await check.check('f', question);
  check.recall('f', question);
  assert.deepEqual(told.at(-1), ['f', ['image']]);
  check.recall('f', { ...question, text: 'name: shop\nenv: {}\n' });
  assert.deepEqual(told.at(-1), ['f', undefined], 'a file that was changed since is another question');
  check.recall('f', { ...question, release: 4 });
  assert.deepEqual([told.at(-1), asked], [['f', undefined], 1]);
});

test('what is being asked when the server is let go is still told', async () => {
  let answer: (plan: Plan) => void = () => {};
  const { check, told } = setUp(() => new Promise((resolve) => (answer = resolve)));
  const checking = check.check('f', question);
  check.recall('f', question);
  answer(plan(['image']));
  await checking;
  assert.deepEqual(told.at(-1), ['f', ['image']]);
});
