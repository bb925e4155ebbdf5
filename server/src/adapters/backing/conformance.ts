/** What every backing must do, as tests. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Backing, BackingGrant } from './contract.ts';

/** A client of the app's, as far as the tests need one. Each call rejects when it is not let in. */
export interface BackingClient {
  databases(grant: BackingGrant): Promise<string[]>;
  write(grant: BackingGrant, database: string, row: string): Promise<void>;
  read(grant: BackingGrant, database: string): Promise<string[]>;
}

export interface BackingUnderTest {
  backing: Backing;
  client: BackingClient;
  close(): Promise<void>;
}

/** Registers the tests. `open` is called once, before the first. */
export function backingConformance(name: string, open: () => Promise<BackingUnderTest>): void {
  describe(`backing: ${name}`, () => {
    let under: BackingUnderTest;
    const options = { signal: AbortSignal.timeout(240_000) };
    // Names that differ in one character where SQL has wildcards, and a password that needs every kind of quoting.
    const shop: BackingGrant = { name: 'shop_a1', password: `p'"\\\`;%_&?#:/@ é-1` };
    const rival: BackingGrant = { name: 'shopxa1', password: 'rival-password-1' };

    before(async () => {
      under = await open();
    });
    after(async () => {
      await under?.close();
    });

    test('it is not ready before it was started', async () => {
      assert.equal(await under.backing.ready(options), false);
      assert.equal(await under.backing.kept(options), false, 'there is nothing of it');
    });

    test('ensure starts it, again is success, and several at once are one', async () => {
      await Promise.all([under.backing.ensure(options), under.backing.ensure(options)]);
      await under.backing.ensure(options);
      assert.equal(await under.backing.ready(options), true);
      assert.equal(await under.backing.kept(options), true);
      assert.equal(await under.backing.replaces(options), false, 'it is what would be started');
    });

    test('a grant gives a database to write and read', async () => {
      await under.backing.grant(shop, options);
      await under.client.write(shop, shop.name, 'first');
      assert.deepEqual(await under.client.read(shop, shop.name), ['first']);
    });

    test('the same grant again changes nothing', async () => {
      await under.backing.grant(shop, options);
      assert.deepEqual(await under.client.read(shop, shop.name), ['first']);
    });

    test('another password replaces the first and keeps the data', async () => {
      const changed = { ...shop, password: 'another-password' };
      await under.backing.grant(changed, options);
      assert.deepEqual(await under.client.read(changed, shop.name), ['first']);
      await assert.rejects(under.client.read(shop, shop.name));
      await under.backing.grant(shop, options);
    });

    test('a grant sees nothing of another, not even its name', async () => {
      await under.backing.grant(rival, options);
      await under.client.write(rival, rival.name, 'secret');
      assert.deepEqual(await under.client.databases(shop), [shop.name]);
      assert.deepEqual(await under.client.databases(rival), [rival.name]);
      await assert.rejects(under.client.read(shop, rival.name));
      await assert.rejects(under.client.write(shop, rival.name, 'mine now'));
      assert.deepEqual(await under.client.read(rival, rival.name), ['secret']);
    });

    test('the URL holds what a client needs, whatever the password', () => {
      const url = new URL(under.backing.url(shop));
      assert.equal(url.protocol, 'mysql:');
      assert.equal(url.username, shop.name);
      assert.equal(decodeURIComponent(url.password), shop.password);
      assert.equal(url.host, `${under.backing.alias}:${under.backing.port}`);
      assert.equal(url.pathname, `/${shop.name}`);
    });

    test('revoke lets nobody in and keeps the data; again is success', async () => {
      await under.backing.revoke(shop.name, options);
      await under.backing.revoke(shop.name, options);
      await assert.rejects(under.client.read(shop, shop.name));
      await under.backing.grant(shop, options);
      assert.deepEqual(await under.client.read(shop, shop.name), ['first']);
    });

    test('destroy removes the data of that name alone; again is success', async () => {
      await under.backing.destroy(shop.name, options);
      await under.backing.destroy(shop.name, options);
      await assert.rejects(under.client.read(shop, shop.name));
      await under.backing.grant(shop, options);
      assert.deepEqual(await under.client.databases(shop), [shop.name]);
      await assert.rejects(async () => assert.ok((await under.client.read(shop, shop.name)).includes('first')));
      assert.deepEqual(await under.client.read(rival, rival.name), ['secret']);
    });

    test('names that could mean something else are refused', async () => {
      for (const bad of ['', 'A', 'a-b', "a'b", 'a`b', 'a%', 'x'.repeat(33), 'a;b', 'a\\']) {
        await assert.rejects(
          under.backing.grant({ name: bad, password: 'long-enough-1' }, options),
          (error) => error instanceof ProblemError && error.problem.code === 'invalid_input',
        );
      }
    });

    test('a cancelled call ends', async () => {
      const cancelled = AbortSignal.abort();
      await assert.rejects(under.backing.grant(shop, { signal: cancelled }));
    });
  });
}
