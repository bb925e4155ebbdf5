/** Repairs: what differs is made right, and what holds data of the serving release is left where it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from 'minicloud-shared/manifest/parse';
import type { ContainerSummary, Labels } from '../adapters/engine/contract.ts';
import { madeByLabel, specLabel } from '../processes/processes.ts';
import { type Desired, type DesiredContainer, desired } from './desired.ts';
import { nothingObserved, type Observed, repairSteps } from './plan.ts';

const image = (letter: string) => `sha256:${letter.repeat(64)}`;

/** Release `version` of an app with a cache beside it, whose environment says `colour`. */
function release(version: number, colour: string): Desired {
  const text = `name: shop\nimage: a:1\nsupport: { cache: { image: "b:1", env: { COLOUR: ${colour} } } }\n`;
  const { manifest, diagnostics } = parseManifest(text);
  assert.ok(manifest?.kind === 'container', JSON.stringify(diagnostics));
  return desired({
    installation: 'i',
    networkPool: '10.208.0.0/12',
    serverDomain: 'localhost',
    app: {
      id: 'a1',
      name: 'shop',
      kind: 'container',
      environment: 'production',
      subnet: 1,
      serving: version,
      created_at: 0,
      updated_at: 0,
      deleting_at: null,
    },
    version,
    resolved: { manifest, supportImages: { cache: image('b') } },
    imageId: image('a'),
    image: 'a:1',
    bindingEnv: {},
    configEnv: {},
    serviceAliases: [],
    volumes: [],
  });
}

const running = ({ key, spec }: DesiredContainer, labels: Labels = {}): ContainerSummary => ({
  ...{ id: `id-${key}`, name: key, image: spec.image, state: 'running', addresses: {}, createdAt: 0 },
  labels: { ...spec.labels, ...labels },
});
const without = ({ labels, ...container }: ContainerSummary, label: string): ContainerSummary => ({
  ...container,
  labels: Object.fromEntries(Object.entries(labels).filter(([key]) => key !== label)),
});

const serving = release(2, 'blue');
const [cache] = serving.support;
const [failedCache] = release(3, 'green').support;
assert.ok(cache && failedCache);

const otherSpec = { [specLabel]: 'made otherwise' };
const cases: [what: string, there: ContainerSummary, lasting: string[], steps: string[]][] = [
  ['the one it should be', running(cache), [], []],
  ['the one it should be, that an earlier release made', running(cache, { [madeByLabel]: '1' }), [], []],
  ['made otherwise, without data', running(cache, otherSpec), [], ['support']],
  ['made otherwise, with data', running(cache, otherSpec), ['cache'], []],
  [
    'made otherwise, with data, before releases were written down',
    without(running(cache, otherSpec), madeByLabel),
    ['cache'],
    [],
  ],
  ['of a later release that failed, without data', running(failedCache), [], ['support']],
  ['of a later release that failed, with data', running(failedCache), ['cache'], ['support']],
];
for (const [what, there, lasting, steps] of cases) {
  test(`a support container ${what}: ${steps.length === 0 ? 'it stays' : 'it is replaced'}`, () => {
    const observed: Observed = {
      ...nothingObserved,
      network: serving.network,
      containers: [...serving.processes.map((container) => running(container)), there],
    };
    const found = repairSteps(serving, observed, new Set(lasting));
    assert.deepEqual(
      found.map(({ action }) => action.kind).filter((kind) => kind !== 'switch-routes'),
      steps,
    );
  });
}

test('which release makes a support container is no reason to replace it', () => {
  assert.equal(release(9, 'blue').support[0]?.hash, cache.hash);
});
