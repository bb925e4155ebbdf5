import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownLabels } from './baseline.ts';
import type { Labels } from './contract.ts';
import { withKnownName, withName } from './docker-adopted.ts';
import type { Transport } from './docker-transport.ts';

const ours: Labels = {
  'minicloud.installation': 'one',
  'minicloud.app': 'a1',
  'minicloud.keys': 'minicloud.app,minicloud.installation',
};

function engineWith(images: Record<string, Labels>) {
  const asked: string[] = [];
  const find = async ({ path }: { path: string }) => {
    asked.push(path);
    const labels = images[path.split('/')[2] ?? ''];
    return labels && { Id: 'sha256:1', Config: { Labels: labels } };
  };
  return { asked, transport: { find } as unknown as Transport };
}

const cases: [what: string, labels: Labels, image: Labels | undefined, asks: number, adopted: boolean][] = [
  ['made by us before names were written', ours, { maintainer: 'me' }, 1, true],
  ['a copy: its image has the labels', ours, ours, 1, false],
  ['its image is gone', ours, undefined, 1, false],
  ['made by us with its name', { ...ours, 'minicloud.name': 'web' }, {}, 0, true],
  ['a copy of one with its name', { ...ours, 'minicloud.name': 'other' }, {}, 0, false],
  ['labels that only look like ours', { 'minicloud.installation': 'one' }, {}, 0, false],
  ['somebody else’s', { some: 'label' }, {}, 0, false],
];
for (const [what, labels, image, asks, adopted] of cases) {
  test(`${what}: ${adopted ? 'ours' : 'not ours'}`, async () => {
    const { asked, transport } = engineWith(image ? { img: image } : {});
    const found = { id: 'c1', name: 'web', image: 'img', labels };
    for (let round = 0; round < (image ? 3 : 1); round += 1) {
      const own = ownLabels(await withName(transport, found), 'web');
      assert.equal(own['minicloud.installation'], adopted ? 'one' : undefined);
    }
    assert.equal(asked.length, asks, 'an image is asked once');
    const told = ownLabels(withKnownName(transport, 'c1', labels), 'web');
    assert.deepEqual(told['minicloud.app'], adopted ? 'a1' : undefined, 'its events are told from others, too');
  });
}
