import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change, Consequence, Plan } from 'minicloud-shared/model/plan';
import { untranslated } from '../translate.ts';
import { lossText, rollBackText } from './consent-text.ts';

const volume: Change = { action: 'remove', object: 'data at /data', consequence: 'data' };
const image: Change = { action: 'change', object: 'image', consequence: 'restart' };
const planOf = (consequence: Consequence, changes: Change[]): Plan => ({
  ...{ app: 'shop', creates: false, toRelease: 3, image: 'shop:1', digest: 'sha256:1', hash: 'h', urls: [], notes: [] },
  ...{ consequence, changes, steps: [] },
});

const serves = 'On home, release 1 (shop:1) serves again as a new release.';
const rows: { name: string; plan: Plan; text: RegExp | string }[] = [
  {
    name: 'nothing is lost',
    plan: planOf('restart', [image]),
    text: `${serves}\nVolumes and databases keep their data as it is now.`,
  },
  {
    name: 'what is lost is said to be, and not to be kept',
    plan: planOf('data', [image, volume]),
    text: `This would be lost:\n•  data at /data\n\n${serves}\nOther volumes and databases keep their data as it is now.`,
  },
  { name: 'an interruption is told first', plan: planOf('downtime', [image]), text: /^Visitors would notice/ },
];
for (const { name, plan, text } of rows) {
  test(`before rolling back: ${name}`, () => {
    const told = rollBackText(plan, { version: 1, image: 'shop:1' }, 'home', untranslated);
    if (typeof text === 'string') assert.equal(told, text);
    else assert.match(told.split('\n')[0] ?? '', text);
  });
}

test('nothing is said of loss where nothing is lost', () => {
  assert.equal(lossText(planOf('restart', [image]), untranslated), '');
});

test('a name can not add a line to what is said to be lost', () => {
  const forged = { ...volume, object: 'data at /data\n\nNothing is lost.\u202e' };
  assert.equal(
    lossText(planOf('data', [forged]), untranslated),
    'This would be lost:\n•  data at /dataNothing is lost.\n',
  );
});
