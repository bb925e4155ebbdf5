/**
 * Every cell of the network matrix, tried from inside a container, on a real engine behind the real firewall.
 *
 * Runs in the network namespace of the engine that MINICLOUD_TEST_DOCKER names. The internet and the cloud's metadata
 * address are listeners in a namespace behind this one, so that packets to them are forwarded as they would be.
 */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { createMariadb } from '../../server/src/adapters/backing/mariadb.ts';
import type { ContainerSpec, Engine } from '../../server/src/adapters/engine/contract.ts';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';
import type { Firewall } from '../../server/src/adapters/firewall/contract.ts';
import { createIptablesFirewall } from '../../server/src/adapters/firewall/iptables.ts';
import { runCommand } from '../../server/src/platform/exec.ts';
import { firewallPolicy } from '../../server/src/services/services.ts';
import { type Outside, startOutside } from '../harness/outside.ts';

const socketPath = process.env.MINICLOUD_TEST_DOCKER;
const image = process.env.MINICLOUD_TEST_BASE_IMAGE ?? 'minicloud/base:trixie';
const [first, second] = (process.env.MINICLOUD_TEST_SUBNET ?? '10.214.0.0/16').split('.');
const at = (rest: string) => `${first}.${second}.${rest}`;
const pool = at('64.0/20');
const prefix = 'h2-matrix-';
const installation = 'h2matrix';
const port = 8080;
const publicPort = 8081;
/** Where shared services answer; they listen at `port` too, which nobody may ask. */
const servicePort = 3306;

/** Two apps with support containers, and a service that only `shop` needs; addresses as the plan of a /26 says. */
const networks = {
  shop: { subnet: at('64.0/26'), range: at('64.0/27'), gateway: at('64.1') },
  blog: { subnet: at('64.64/26'), range: at('64.64/27'), gateway: at('64.65') },
};
const containers = {
  shop: { network: 'shop', address: at('64.2') },
  /** Of an app that chose to do without the internet. */
  sealed: { network: 'shop', address: at('64.3') },
  shopSearch: { network: 'shop', address: at('64.32') },
  /** A support container that may ask the internet. */
  tunnel: { network: 'shop', address: at('64.33') },
  shopCache: { network: 'shop', address: at('64.47') },
  blog: { network: 'blog', address: at('64.66') },
  blogCache: { network: 'blog', address: at('64.96') },
  database: { network: 'shop', address: at('64.48') },
  /** A service that nobody in `shop` needs. */
  otherDatabase: { network: 'blog', address: at('64.126') },
} as const;
type Name = keyof typeof containers;

/** Where Podman's own rules begin; not there with Docker. */
const podmanJump = ['-m', 'comment', '--comment', 'netavark firewall plugin rules', '-j', 'NETAVARK_FORWARD'];
const metadata = '169.254.169.254';
const internet = '203.0.113.10';

/** Row by row as in `server/ARCHITECTURE.md`: who tries, whom, and what has to come of it. */
type Target = readonly [title: string, address: string, port?: number];
const reach = (name: Name): Target => [`${name} (${containers[name].address})`, containers[name].address];
/** The service at its own port: at any other it is refused to everybody. */
const ask = (name: 'database' | 'otherDatabase'): Target => [
  `${name} (${containers[name].address}:${servicePort})`,
  containers[name].address,
  servicePort,
];
const hostAddresses = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ family, internal }) => family === 'IPv4' && !internal)
  .map(({ address }) => [`control API at ${address}`, address] as const);
const gateways = [networks.shop.gateway, networks.blog.gateway].map(
  (gate) => [`control API at ${gate}`, gate] as const,
);
const control = [...hostAddresses, ...gateways];
const everywhere = { metadata: ['169.254/16', metadata] as const, internet: ['the internet', internet] as const };

/** What nobody of `shop` reaches, whatever may be chosen. */
const never = [
  reach('blog'),
  reach('blogCache'),
  reach('database'),
  ask('otherDatabase'),
  everywhere.metadata,
  ...control,
];

const matrix: { from: Name; yes: Target[]; no: Target[] }[] = [
  {
    from: 'shop',
    yes: [reach('shopSearch'), reach('shopCache'), ask('database'), everywhere.internet],
    no: never,
  },
  {
    from: 'blog',
    yes: [reach('blogCache'), ask('otherDatabase'), everywhere.internet],
    no: [reach('shop'), reach('shopSearch'), reach('otherDatabase'), ask('database'), everywhere.metadata, ...control],
  },
  { from: 'shopSearch', yes: [reach('shopCache')], no: [...never, ask('database'), everywhere.internet] },
  {
    from: 'sealed',
    yes: [reach('shop'), reach('shopSearch'), ask('database')],
    no: [...never, everywhere.internet],
  },
  { from: 'tunnel', yes: [reach('shopCache'), everywhere.internet], no: [...never, ask('database')] },
  {
    from: 'database',
    yes: [],
    no: [
      reach('shop'),
      reach('shopSearch'),
      reach('blog'),
      reach('blogCache'),
      ask('otherDatabase'),
      everywhere.metadata,
      everywhere.internet,
      ...control,
    ],
  },
];

const listen = (listenPort: number) =>
  `fork or do { $s = IO::Socket::INET->new(Listen => 9, LocalPort => ${listenPort}, ReuseAddr => 1) or die; ` +
  'while ($c = $s->accept) { print $c "ok\\n"; close $c } }; ';
const isService = (name: string) => name === 'database' || name === 'otherDatabase';

describe('network matrix', () => {
  let engine: Engine;
  let firewall: Firewall;
  const servers: Server[] = [];
  let outside: Outside;

  before(async () => {
    assert.ok(
      socketPath,
      'MINICLOUD_TEST_DOCKER is not set: give it the path of the socket of a Docker engine to try.',
    );
    engine = await createDockerEngine({ socketPath, installation });
    firewall = createIptablesFirewall({ installation });
    await clean(engine);
    await firewall.remove();
    outside = await startOutside({ link: at('255.0'), addresses: [metadata, internet], port });
    for (const each of [port, publicPort]) servers.push(await hostListener(each));
    // The first containers after a boot: what the engine adds for them must not come before what is there.
    await runCommand(['iptables', '-w', '-D', 'FORWARD', ...podmanJump]);
    await firewall.apply(policy());
    await makeApps(engine);
    assert.deepEqual(await firewall.verify(policy()), { ok: true, bare: false, detail: 'every rule is in place' });
    await firewall.remove();
  });

  after(async () => {
    for (const server of servers) server.close();
    await outside?.remove();
    if (!engine) return;
    await firewall.remove();
    await clean(engine);
  });

  // As the companion makes it, of the services that it has: what is tried here is what holds there.
  const mariadb = () =>
    createMariadb({
      engine,
      installation,
      now: Date.now,
      image: async () => image,
      imageHere: async () => undefined,
      rootPassword: async () => '',
      network: { name: '', ensure: async () => undefined },
    });
  const policy = () => ({
    ...firewallPolicy({ config: { networkPool: pool }, engine, backings: { mariadb: mariadb() } }),
    internet: { refused: [containers.sealed.address], allowed: [containers.tunnel.address] },
  });

  /** True when a program in the container gets an answer from there. */
  const answers = async (from: Name, address: string, to: number = port): Promise<boolean> => {
    const script = `exec 3<>/dev/tcp/${address}/${to} && read -t 3 -u 3 line && [ "$line" = ok ]`;
    const { exitCode } = await engine.exec(`${prefix}${from}`, ['timeout', '4', 'bash', '-c', script]);
    return exitCode === 0;
  };

  test('without the firewall the cells that it closes are open: the tries below can fail', async () => {
    const open: [Name, string, number?][] = [
      ['shop', networks.shop.gateway],
      ['shop', metadata],
      ['shopSearch', internet],
      ['sealed', internet],
      ['shopSearch', containers.database.address, servicePort],
      ['shop', containers.database.address],
      ['database', containers.shop.address],
      ['database', internet],
    ];
    for (const [from, address, to] of open) assert.ok(await answers(from, address, to), `${from} → ${address}`);
    assert.equal(mariadb().port, servicePort);
    await firewall.apply(policy());
  });

  for (const { from, yes, no } of matrix) {
    // At once: a refused connection takes a second each.
    describe(`from ${from}`, { concurrency: 6 }, () => {
      for (const [title, address, to] of yes) {
        test(`${from} reaches ${title}`, async () => assert.ok(await answers(from, address, to)));
      }
      for (const [title, address, to] of no) {
        test(`${from} does not reach ${title}`, async () => assert.equal(await answers(from, address, to), false));
      }
      test(`${from} has neither the engine's socket nor its port`, async () => {
        const script =
          'test ! -S /var/run/docker.sock && test ! -S /run/docker.sock && ! find / -xdev -name "*.sock" | grep .';
        assert.equal((await engine.exec(`${prefix}${from}`, ['bash', '-c', script])).exitCode, 0);
        for (const tcp of [2375, 2376]) assert.equal(await answers(from, networks.shop.gateway, tcp), false);
      });
      test(`${from} does not see the data of others`, async () => {
        const found = await engine.exec(`${prefix}${from}`, ['cat', '/data/owner']);
        assert.deepEqual([found.exitCode, found.stdout], [0, from]);
        const mounts = (await engine.exec(`${prefix}${from}`, ['cat', '/proc/self/mountinfo'])).stdout;
        const others = Object.keys(containers).filter((name) => name !== from);
        for (const name of others)
          assert.ok(!mounts.includes(`/${prefix}${name}-data/`), `${name}'s volume is mounted`);
      });
    });
  }

  test('every target is alive: the machine, as the proxy, reaches all of them', async () => {
    for (const name of Object.keys(containers) as Name[]) {
      for (const to of isService(name) ? [port, servicePort] : [port]) {
        const script = `exec 3<>/dev/tcp/${containers[name].address}/${to} && read -t 3 -u 3 line && [ "$line" = ok ]`;
        const { exitCode } = await runCommand(['timeout', '4', 'bash', '-c', script]);
        assert.equal(exitCode, 0, `${name} at ${to}`);
      }
    }
    for (const [, address] of control) {
      const { exitCode } = await runCommand(['timeout', '4', 'bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`]);
      assert.equal(exitCode, 0, address);
    }
  });

  test('nobody outside reaches an app past the proxy, though the way is known', async () => {
    const tryFromOutside = async (address: string, to = port) => {
      const script = `exec 3<>/dev/tcp/${address}/${to} && read -t 3 -u 3 line && [ "$line" = ok ]`;
      return (await runCommand([...outside.within, 'timeout', '4', 'bash', '-c', script])).exitCode === 0;
    };
    assert.ok(await tryFromOutside(outside.near), 'the machine itself is reached: the try can succeed');
    assert.equal(await tryFromOutside(containers.shop.address), false);
    assert.equal(await tryFromOutside(containers.database.address, servicePort), false);
  });

  test('apps are found by name in their own network, and nowhere else', async () => {
    const lookUp = (from: Name, name: string) => engine.exec(`${prefix}${from}`, ['getent', 'hosts', name]);
    assert.match((await lookUp('shop', 'shopSearch')).stdout, new RegExp(containers.shopSearch.address));
    assert.notEqual((await lookUp('blog', 'shopSearch')).exitCode, 0);
  });

  test("the proxy's public ports can be opened for apps, and for nothing else", async () => {
    assert.equal(await answers('shop', networks.shop.gateway, publicPort), false);
    await firewall.apply({ ...policy(), publicPorts: [publicPort] });
    assert.equal(await answers('shop', networks.shop.gateway, publicPort), true);
    assert.equal(await answers('shop', networks.shop.gateway, port), false);
    assert.equal(await answers('shopSearch', networks.shop.gateway, publicPort), false);
    assert.equal(await answers('database', networks.shop.gateway, publicPort), false);
  });

  test('addresses can not be forged: no raw sockets, no changes to the interface', async () => {
    const raw = 'socket(my $s, 2, 3, 1) or die "refused: $!"';
    assert.match((await engine.exec(`${prefix}shop`, ['perl', '-e', raw])).stderr, /refused: Operation not permitted/);
    const setAddress = 0x8916;
    const change =
      'socket(my $s, 2, 2, 0); my $request = pack("a16 S n C4 x8", "eth0", 2, 0, 10, 214, 64, 48); ' +
      `ioctl($s, ${setAddress}, $request) or die "refused: $!"`;
    assert.match(
      (await engine.exec(`${prefix}shop`, ['perl', '-e', change])).stderr,
      /refused: Operation not permitted/,
    );
  });
});

async function makeApps(engine: Engine): Promise<void> {
  const id = (await engine.inspectImage(image))?.id;
  assert.ok(id, `the image ${image} is not in the engine`);
  for (const [name, { subnet, range }] of Object.entries(networks)) {
    await engine.ensureNetwork({ name: `${prefix}${name}`, subnet, range, labels: { 'minicloud.app': name } });
  }
  for (const [name, { network, address }] of Object.entries(containers)) {
    const volume = `${prefix}${name}-data`;
    await engine.ensureVolume(volume, {});
    const listeners = [port, ...(isService(name) ? [servicePort] : [])].map(listen).join('');
    const spec: ContainerSpec = {
      name: `${prefix}${name}`,
      image: id,
      labels: {},
      command: ['perl', '-MIO::Socket::INET', '-e', `${listeners}1 while wait > 0`],
      env: {},
      network: { name: `${prefix}${network}`, aliases: [name], address },
      volumes: [{ volume, path: '/data' }],
      restart: 'no',
    };
    await engine.startContainer(await engine.createContainer(spec));
    await engine.exec(spec.name, ['bash', '-c', `printf ${name} > /data/owner`]);
  }
}

/** Stands for the control API: on every address of this machine, as a careless one would be. */
function hostListener(listenPort: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.on('error', () => {}).end('ok\n'));
    server.once('error', reject);
    server.listen(listenPort, '0.0.0.0', () => resolve(server));
  });
}

async function clean(engine: Engine): Promise<void> {
  for (const { id } of await engine.listContainers({})) await engine.removeContainer(id);
  for (const { name } of await engine.listVolumes()) await engine.removeVolume(name);
  for (const { name } of await engine.listNetworks()) await engine.removeNetwork(name);
}
