import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import { containerOptions, ownLabels } from './baseline.ts';
import type { ContainerSpec } from './contract.ts';
import { specHash } from './contract.ts';
import { memoryCapabilities as capabilities } from './memory.ts';

const image = `sha256:${'ab'.repeat(32)}`;
const spec: ContainerSpec = {
  name: 'mc-shop-web-1',
  image,
  labels: { 'minicloud.app': 'shop' },
  command: ['node', 'server.js'],
  env: { NODE_ENV: 'production', EMPTY: '' },
  network: { name: 'mc-shop', aliases: ['web'], address: '10.64.0.2' },
  volumes: [{ volume: 'mc-shop-data', path: '/data', readOnly: true }],
  hosts: { database: '10.64.0.48' },
  user: '1000:1000',
  readOnly: true,
  capabilities: ['SYS_CHROOT'],
  memoryBytes: 256_000_000,
  cpus: 0.5,
  pids: 100,
  restart: 'always',
  stopTimeoutSeconds: 10,
};
const platform: ContainerSpec = {
  name: 'mc-proxy',
  image,
  labels: { 'minicloud.platform': 'proxy' },
  env: {},
  network: 'host',
  volumes: [],
  binds: [{ source: '/var/lib/minicloud/proxy', path: '/state' }],
  restart: 'always',
};

test('the whole body of an app container: nothing in it that was not decided here', () => {
  assert.deepEqual(containerOptions(spec, 'inst', capabilities), {
    Image: image,
    Labels: {
      'minicloud.app': 'shop',
      'minicloud.installation': 'inst',
      'minicloud.keys': 'minicloud.app,minicloud.installation,minicloud.name,minicloud.spec',
      'minicloud.name': 'mc-shop-web-1',
      'minicloud.spec': specHash(spec),
    },
    Env: ['NODE_ENV=production', 'EMPTY='],
    Cmd: ['node', 'server.js'],
    User: '1000:1000',
    StopTimeout: 10,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    OpenStdin: false,
    Tty: false,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: 'mc-shop',
      RestartPolicy: { Name: 'always', MaximumRetryCount: 0 },
      Init: true,
      Privileged: false,
      PublishAllPorts: false,
      AutoRemove: false,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID', 'SYS_CHROOT'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 100,
      Ulimits: [{ Name: 'nofile', Soft: 16384, Hard: 16384 }],
      IpcMode: 'private',
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      Memory: 256_000_000,
      MemorySwap: 256_000_000,
      NanoCpus: 500_000_000,
      ExtraHosts: ['database:10.64.0.48'],
      Tmpfs: {
        '/tmp': 'rw,nosuid,nodev,noexec,mode=1777,size=67108864',
        '/run': 'rw,nosuid,nodev,noexec,mode=755,size=67108864',
      },
      Mounts: [{ Type: 'volume', Source: 'mc-shop-data', Target: '/data', ReadOnly: true }],
    },
    NetworkingConfig: {
      EndpointsConfig: { 'mc-shop': { Aliases: ['web'], IPAMConfig: { IPv4Address: '10.64.0.2' } } },
    },
  });
});

test('a part of the platform gets what only it may have, and the same baseline', () => {
  const { HostConfig: host, NetworkingConfig } = containerOptions(platform, 'inst', capabilities);
  assert.equal(NetworkingConfig, undefined);
  assert.equal(host.NetworkMode, 'host');
  assert.deepEqual(host.Mounts, [
    {
      Type: 'bind',
      Source: '/var/lib/minicloud/proxy',
      Target: '/state',
      ReadOnly: false,
      BindOptions: { Propagation: 'rprivate' },
    },
  ]);
  assert.deepEqual([host.PidsLimit, host.CapDrop, host.SecurityOpt], [512, ['ALL'], ['no-new-privileges']]);
});

test('an engine without memory limits is not asked for them', () => {
  const { HostConfig } = containerOptions(spec, 'inst', { ...capabilities, memoryLimits: false });
  assert.equal('Memory' in HostConfig || 'NanoCpus' in HostConfig, false);
});

test('what no container may be is refused with a reason', () => {
  const refusals: [Partial<ContainerSpec>, 'invalid_input' | 'forbidden', RegExp][] = [
    [{ name: '../x' }, 'invalid_input', /name/],
    [{ image: 'nginx:latest' }, 'invalid_input', /only an id/],
    [{ env: { 'A=B': 'c' } }, 'invalid_input', /variable/],
    [{ env: { A: 'b\0c' } }, 'invalid_input', /NUL/],
    [{ command: ['a\0b'] }, 'invalid_input', /NUL/],
    [{ user: 'root; rm' }, 'invalid_input', /user/],
    [{ pids: 0 }, 'invalid_input', /processes/],
    [{ pids: -1 }, 'invalid_input', /processes/],
    [{ memoryBytes: 1 }, 'invalid_input', /memory/],
    [{ cpus: 0 }, 'invalid_input', /processor/],
    [{ capabilities: ['NET_RAW'] }, 'forbidden', /NET_RAW/],
    [{ capabilities: ['ALL'] }, 'forbidden', /ALL/],
    [{ hosts: { 'a b': '10.0.0.1' } }, 'invalid_input', /host/],
    [{ volumes: [{ volume: 'vol', path: '/' }] }, 'invalid_input', /mounted/],
    [{ volumes: [{ volume: 'vol', path: '/proc/sys' }] }, 'invalid_input', /mounted/],
    [{ volumes: [{ volume: 'vol', path: '/a/../etc' }] }, 'invalid_input', /mounted/],
    [{ volumes: [{ volume: 'vol', path: 'data' }] }, 'invalid_input', /mounted/],
    [{ volumes: ['one', 'two'].map((volume) => ({ volume, path: '/data' })) }, 'invalid_input', /one path/],
    [{ volumes: [{ volume: '/etc', path: '/data' }] }, 'invalid_input', /volume/],
    [{ network: { name: 'host', aliases: [] } }, 'invalid_input', /name of a network/],
    [{ network: { name: 'container:other', aliases: [] } }, 'invalid_input', /name of a network/],
    [{ network: 'host' }, 'forbidden', /own parts/],
    [{ binds: [{ source: '/', path: '/host' }] }, 'forbidden', /own parts/],
  ];
  for (const [change, code, why] of refusals) {
    assert.throws(
      () => containerOptions({ ...spec, ...change }, 'inst', capabilities),
      (error) => error instanceof ProblemError && error.problem.code === code && why.test(error.problem.why),
      JSON.stringify(change),
    );
  }
});

test('labels that an image brought along are not ours', () => {
  const { Labels } = containerOptions(spec, 'inst', capabilities);
  const merged = { 'minicloud.platform': 'true', vendor: 'evil', ...Labels };
  const own = ownLabels(merged, spec.name);
  assert.equal(own['minicloud.app'], 'shop');
  assert.equal(own['minicloud.platform'], undefined);
  assert.equal(own.vendor, undefined);
  assert.deepEqual(ownLabels(merged, 'made-by-hand-of-an-image-that-holds-them'), {});
});

test('what an image says under our names is blank on its container', () => {
  const claims = {
    'minicloud.app': 'victim',
    'minicloud.desired': 'x',
    'minicloud.keys': 'minicloud.desired',
    vendor: 'v',
  };
  const { Labels } = containerOptions(spec, 'inst', capabilities, claims);
  assert.equal(Labels['minicloud.desired'], '');
  assert.equal(Labels['minicloud.app'], 'shop');
  assert.ok(!('vendor' in Labels), 'other labels of the image stay as they are');
  assert.equal(ownLabels({ ...claims, ...Labels }, spec.name)['minicloud.desired'], undefined);
});

test('the hash of a spec knows content from order', () => {
  const { name, ...rest } = spec;
  assert.equal(specHash({ ...rest, name }), specHash(spec));
  assert.notEqual(specHash({ ...spec, env: { ...spec.env, EMPTY: 'x' } }), specHash(spec));
  assert.equal(specHash({ ...spec, entrypoint: undefined }), specHash(spec));
});
