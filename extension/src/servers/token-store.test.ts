import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTokenStore, type Secrets } from './token-store.ts';

function storage(over: Partial<Secrets> = {}): { secrets: Secrets; kept: Map<string, string> } {
  const kept = new Map<string, string>();
  const secrets: Secrets = {
    get: async (key) => kept.get(key),
    store: async (key, value) => void kept.set(key, value),
    delete: async (key) => void kept.delete(key),
    ...over,
  };
  return { secrets, kept };
}

test('a token is kept by the secret storage, under the id of its server', async () => {
  const { secrets, kept } = storage();
  assert.equal(await createTokenStore(secrets).set('s1', 'mc_one'), 'kept');
  assert.equal(await createTokenStore(secrets).get('s1'), 'mc_one');
  assert.equal(await createTokenStore(secrets).get('s2'), undefined);
  assert.deepEqual([...kept.values()], ['mc_one']);
});

test('storage that forgets at once is told as such, and the token lasts for the session', async () => {
  const { secrets } = storage({ store: async () => {} });
  const tokens = createTokenStore(secrets);
  assert.equal(await tokens.set('s1', 'mc_one'), 'session');
  assert.equal(await tokens.get('s1'), 'mc_one');
  assert.equal(await createTokenStore(secrets).get('s1'), undefined);
});

test('storage that throws does not take the extension with it', async () => {
  const locked = async (): Promise<never> => Promise.reject(new Error('keyring is locked'));
  const tokens = createTokenStore({ get: locked, store: locked, delete: locked });
  assert.equal(await tokens.get('s1'), undefined);
  assert.equal(await tokens.set('s1', 'mc_one'), 'session');
  assert.equal(await tokens.get('s1'), 'mc_one');
  await tokens.delete('s1');
  assert.equal(await tokens.get('s1'), undefined);
});

test('a replaced token wins over the one held for the session', async () => {
  let works = false;
  const { secrets, kept } = storage({ store: async (key, value) => void (works && kept.set(key, value)) });
  const tokens = createTokenStore(secrets);
  await tokens.set('s1', 'old');
  works = true;
  assert.equal(await tokens.set('s1', 'new'), 'kept');
  assert.equal(await tokens.get('s1'), 'new');
});
