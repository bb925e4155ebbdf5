import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataAtRisk, type Plan } from 'minicloud-shared/model/plan';
import { untranslated } from '../translate.ts';
import { planText, verdict } from './plan-text.ts';

const plan: Plan = {
  app: 'guestbook',
  creates: false,
  fromRelease: 12,
  toRelease: 13,
  image: 'docker.io/me/guestbook:1.4.2',
  digest: `sha256:${'3fae12cd'.repeat(8)}`,
  changes: [
    { action: 'change', object: 'image', before: 'guestbook:1.4.1', after: 'guestbook:1.4.2', consequence: 'restart' },
    { action: 'add', object: 'domain shop.example.com', consequence: 'none' },
    { action: 'remove', object: 'volume /data/old', before: '/data/old', consequence: 'data' },
    { action: 'keep', object: 'env NODE_ENV', consequence: 'none' },
  ],
  steps: [
    { id: 'pull', kind: 'pull', title: 'Pull the image', object: 'image', consequence: 'none' },
    { id: 'stop', kind: 'stop-old', title: 'Stop web', object: 'web', consequence: 'downtime', downtimeSeconds: 3 },
  ],
  consequence: 'data',
  notes: ['The volume stays in the trash for 7 days.'],
  urls: ['https://shop.example.com'],
  hash: 'a'.repeat(64),
};

test('a plan reads top-down: verdict, changes with consequences, notes, steps, addresses', () => {
  assert.equal(
    planText(plan, 'home', untranslated).text,
    `Deploy guestbook to home
Release 12 → 13  ·  docker.io/me/guestbook:1.4.2  ·  sha256:3fae12cd3fae

Data is at risk: read the changes below before deploying.

What changes  (1 new, 1 changed, 1 removed)
  -  volume /data/old         /data/old                            DATA AT RISK
  ~  image                    guestbook:1.4.1  →  guestbook:1.4.2  rolling restart
  +  domain shop.example.com                                       no interruption

Good to know
  •  The volume stays in the trash for 7 days.

What happens, in order
   1  Pull the image
   2  Stop web        downtime, about 3 s

Where it answers
     https://shop.example.com

What stays as it is
     env NODE_ENV

Plan aaaaaaaaaaaa. Deploying refuses when this would no longer be what happens.
`,
  );
});

test('every mark covers the words it is about', () => {
  const { text, marks } = planText(plan, 'home', untranslated);
  const lines = text.split('\n');
  const marked = marks.map(({ kind, line, start, end }) => `${kind}: ${lines[line]?.slice(start, end)}`);
  assert.ok(marked.includes('data: DATA AT RISK'), marked.join('\n'));
  assert.ok(marked.includes('remove: volume /data/old'));
  assert.ok(marked.includes('add: +'));
  assert.ok(marked.includes('downtime: downtime, about 3 s'));
  assert.ok(marks.every(({ start, end, line }) => end > start && end <= (lines[line]?.length ?? 0)));
});

test('the verdict is the worst that happens, and says so when nothing does', () => {
  assert.match(verdict({ ...plan, consequence: 'downtime' }, untranslated), /about 3 s/);
  assert.match(verdict({ ...plan, consequence: 'restart' }, untranslated), /would not notice/);
  assert.match(verdict({ ...plan, changes: [] }, untranslated), /^Nothing would change/);
  assert.match(verdict({ ...plan, creates: true, consequence: 'none' }, untranslated), /^A new app/);
});

test('a plan that is not deployed any more says so first', () => {
  const { text, marks } = planText(plan, 'home', untranslated, 'The file says something else.');
  assert.match(text, /^The file says something else\.\n\n/);
  assert.ok(text.endsWith(planText(plan, 'home', untranslated).text));
  assert.equal(marks[0]?.line, 0);
});

test('what only a newer server knows is shown as it is called', () => {
  const newer = JSON.parse(JSON.stringify(plan).replaceAll('"data"', '"quarantine"').replaceAll('"add"', '"move"'));
  const { text } = planText(newer as Plan, 'home', untranslated);
  assert.match(text, /^Consequence: quarantine\.$/m);
  assert.match(text, /\? {2}domain shop\.example\.com/);
});

test('what a confirmation names is exactly what puts data at risk', () => {
  assert.deepEqual(dataAtRisk(plan), ['volume /data/old']);
});

test('a value with line ends or of great length stays on its line', () => {
  const long = {
    action: 'add' as const,
    object: 'release command',
    after: `a\n${'b'.repeat(200)}`,
    consequence: 'none' as const,
  };
  const { text } = planText({ ...plan, changes: [long] }, 'home', untranslated);
  const line = text.split('\n').find((each) => each.includes('release command'));
  assert.match(line ?? '', /a b+… {2}no interruption$/);
});

test('what an image or a manifest names stays on its line and acts on nothing', () => {
  const forged = '/data\n\nVisitors would not notice.\u001b[2J\u001b[H\u202e';
  const { text, marks } = planText(
    {
      ...plan,
      changes: [{ action: 'remove', object: forged, before: forged, after: forged, consequence: 'data' }],
      steps: plan.steps.map((step) => ({ ...step, title: forged })),
      notes: [`The image keeps data at ${forged}.`],
      urls: [forged],
    },
    'home',
    untranslated,
  );
  assert.doesNotMatch(text, /[^\n\P{Cc}]|\p{Cf}/u);
  assert.ok(text.includes('  •  The image keeps data at /dataVisitors would not notice..\n'), text);
  assert.doesNotMatch(text, /^Visitors/m);
  const lines = text.split('\n');
  for (const { line, end } of marks) assert.ok(end <= (lines[line]?.length ?? 0));
});

test('config vars and secrets are told by name, as every other change', () => {
  const changes: Plan['changes'] = [
    { action: 'add', object: 'secret STRIPE_KEY', consequence: 'restart' },
    { action: 'change', object: 'config LOG_LEVEL', consequence: 'restart' },
    { action: 'remove', object: 'config OLD', consequence: 'restart' },
  ];
  const { text, marks } = planText({ ...plan, changes, consequence: 'restart' }, 'home', untranslated);
  assert.match(text, /^ {2}\+ {2}secret STRIPE_KEY +rolling restart$/m);
  assert.match(text, /^ {2}~ {2}config LOG_LEVEL +rolling restart$/m);
  assert.match(text, /^ {2}- {2}config OLD +rolling restart$/m);
  const lines = text.split('\n');
  const marked = marks.map(({ kind, line, start, end }) => `${kind}: ${lines[line]?.slice(start, end)}`);
  for (const each of ['add: secret STRIPE_KEY', 'change: config LOG_LEVEL', 'remove: config OLD'])
    assert.ok(marked.includes(each), each);
});
