/** Which forward a command gets: the one that leads there already, and never one to something else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PickedApp } from '../commands/pick.ts';
import { createForwards } from './forwards.ts';
import { freePort } from './local-port.ts';
import { startForward } from './start-forward.ts';

const picked = { live: { server: { id: 's' } }, app: { name: 'shop' } } as PickedApp;
const service = (env: string) => ({ target: 'mariadb', kind: 'service' as const, replicas: [], ports: [], env });

test('two databases on one server are two forwards, each with its own variable', async (t) => {
  const forwards = createForwards();
  t.after(() => forwards.dispose());
  const localPort = await freePort(40_306);
  const start = (env: string) =>
    startForward(forwards, picked, { target: service(env), targetPort: 3306, localPort, urlTemplate: undefined });
  const first = await start('DATABASE_URL');
  const second = await start('ORDERS_URL');
  assert.deepEqual([first.env, second.env], ['DATABASE_URL', 'ORDERS_URL']);
  assert.notEqual(first.port, second.port);
  assert.equal((await start('DATABASE_URL')).id, first.id);
});

test('another local port is another forward', async (t) => {
  const forwards = createForwards();
  t.after(() => forwards.dispose());
  const target = { target: 'web', kind: 'process' as const, replicas: [], ports: [] };
  const localPort = await freePort(40_080);
  const first = await startForward(forwards, picked, { target, targetPort: 80, localPort });
  const other = await startForward(forwards, picked, { target, targetPort: 80, localPort: await freePort(40_180) });
  assert.notEqual(other.id, first.id);
  assert.equal((await startForward(forwards, picked, { target, targetPort: 80, localPort })).id, first.id);
});

test('a free port is the wanted one, and is free again afterwards', async () => {
  const wanted = await freePort(40_500);
  assert.equal(await freePort(wanted), wanted);
});
