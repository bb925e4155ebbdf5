import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import { createMemoryEngine } from '../adapters/engine/memory.ts';
import type { SeedImage } from '../adapters/engine/memory-images.ts';
import type { Cloud } from '../context.ts';
import { pullInTurn, pullOrKeep } from './images.ts';

/** Resolves an image that is on the machine already, by its id: no registry is asked. */
async function resolved(image: SeedImage) {
  const engine = createMemoryEngine({ installation: 'i' });
  const { id } = engine.seedImage('docker.io/me/shop:1', { ...image, local: true });
  const cloud = { engine, clock: { now: () => 0 } } as unknown as Cloud;
  return pullOrKeep(cloud, id, [], { signal: new AbortController().signal });
}

const unusable = (why: RegExp) => (error: unknown) =>
  error instanceof ProblemError && error.problem.code === 'image_unusable' && why.test(error.problem.why);

test('an image for another kind of machine is refused before anything is made of it', async () => {
  await assert.rejects(resolved({ arch: 'arm64' }), unusable(/linux\/arm64; this server is linux\/amd64/));
  assert.equal((await resolved({})).arch, 'amd64');
});

test('an image that nothing could start is refused with the line that is to blame', async () => {
  await assert.rejects(resolved({ volumes: ['/data', '/'] }), unusable(/VOLUME at \/,/));
  assert.deepEqual((await resolved({ volumes: ['/data'] })).volumes, ['/data']);
});

test('only so many images are fetched at a time, and a silent registry leaves room for another', async () => {
  const engine = createMemoryEngine({ installation: 'i', acceptAnyImage: true });
  const silent = new AbortController();
  const fetching = new Set<string>();
  engine.world.intercept = async (call, reference) => {
    if (call !== 'pullImage') return;
    fetching.add(reference);
    await new Promise((resolve) => silent.signal.addEventListener('abort', resolve));
  };
  const cloud = { engine } as unknown as Cloud;
  const signal = new AbortController().signal;
  const numbers = [1, 2, 3, 4, 5, 6];
  const pull = (registry: string) => numbers.map((each) => pullInTurn(cloud, `${registry}/me/app:${each}`, { signal }));
  const first = pull('one.example.com');
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(fetching.size, 2);
  const others = [...pull('two.example.com'), ...pull('three.example.com')];
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(fetching.size, 4);
  assert.equal([...fetching].filter((reference) => reference.startsWith('two')).length, 2);
  delete engine.world.intercept;
  silent.abort();
  await Promise.all([...first, ...others]);
});
