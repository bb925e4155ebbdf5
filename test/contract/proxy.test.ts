/** The proxy port's conformance suite over every implementation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proxyConformance } from '../../server/src/adapters/proxy/conformance.ts';
import { createMemoryProxy } from '../../server/src/adapters/proxy/memory.ts';
import { ask, deadAddress, engineSocket, startApp, startLab } from './proxy-lab.ts';

proxyConformance('memory', async () => {
  const alive = ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80'] as const;
  const proxy = createMemoryProxy({
    ...{ httpPort: 80, httpsPort: 443 },
    answer: ({ address }) => (address === '10.0.0.9:80' ? 0 : 200),
  });
  await proxy.ensure();
  return {
    ...{ proxy, alive, dead: '10.0.0.9:80' },
    async visit(visit) {
      const { status, target, location, text } = proxy.handle(visit);
      return {
        status,
        ...(target && { target: target.address }),
        ...(location && { location }),
        ...(text && { text }),
      };
    },
    close: () => proxy.remove(),
  };
});

if (process.env.MINICLOUD_TEST_DOCKER) {
  proxyConformance('nginx', async () => {
    const lab = await startLab();
    const apps = [await startApp(), await startApp(), await startApp()] as const;
    return {
      proxy: lab.proxy,
      alive: [apps[0].address, apps[1].address, apps[2].address],
      dead: await deadAddress(),
      async visit({ scheme, host, path }) {
        const { status, headers, text } = await ask({ scheme, host, path });
        const target = headers['x-target'];
        return {
          status,
          text,
          ...(target && { target: String(target) }),
          ...(headers.location && { location: headers.location }),
        };
      },
      async close() {
        await lab.close();
        for (const app of apps) await app.close();
      },
    };
  });
} else {
  test('proxy nginx', () => assert.doesNotThrow(engineSocket));
}
