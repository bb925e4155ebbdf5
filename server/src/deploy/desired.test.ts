import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from 'minicloud-shared/manifest/parse';
import { ProblemError } from 'minicloud-shared/model/problem';
import { type Desired, desired } from './desired.ts';

const app = {
  id: 'a1',
  name: 'shop',
  kind: 'container',
  environment: 'production',
  subnet: 1,
  serving: null,
  created_at: 0,
  updated_at: 0,
  deleting_at: null,
};

function of(text: string, more: { names?: [string, string]; serviceAliases?: string[] } = {}): Desired {
  const { manifest, diagnostics } = parseManifest(`name: shop\nimage: a:1\n${text}`);
  assert.ok(manifest?.kind === 'container', JSON.stringify(diagnostics));
  // Past the rules of the manifest, which refuse such names too: nothing may depend on them alone.
  for (const support of manifest.support) if (support.name === more.names?.[0]) support.name = more.names[1];
  return desired({
    installation: 'i',
    networkPool: '10.208.0.0/12',
    serverDomain: 'localhost',
    app,
    version: 3,
    resolved: { manifest, supportImages: {} },
    imageId: `sha256:${'a'.repeat(64)}`,
    image: 'a:1',
    bindingEnv: { DATABASE_URL: 'binding' },
    configEnv: {},
    serviceAliases: more.serviceAliases ?? [],
    volumes: [],
  });
}

const support = 'support: { helper: { image: "b:1" } }\n';

test('two containers never answer to one name in the network of an app', () => {
  const refused = (name: string, serviceAliases: string[] = []) =>
    assert.throws(
      () => of(support, { names: ['helper', name], serviceAliases }),
      (error) =>
        error instanceof ProblemError &&
        error.problem.code === 'manifest_invalid' &&
        error.problem.object.includes(`name ${name} `) &&
        error.problem.remedy.includes('support container'),
      name,
    );
  refused('mariadb', ['mariadb']);
  refused('localhost');
  refused('web');
  of(support, { names: ['helper', 'mariadb'] });
  const replicas = of('processes: { web: { count: 3 } }\n', { serviceAliases: ['mariadb'] });
  assert.equal(replicas.processes.length, 3, 'replicas of one process share its name');
});

test('what says where an app runs is the truth, whatever its manifest says', () => {
  const wanted = of('expose: [{ port: 8080 }]\nenv: { PORT: "3000", COLOUR: blue }\n');
  wanted.manifest.env.MINICLOUD_RELEASE = '99';
  const again = desired({
    installation: 'i',
    networkPool: '10.208.0.0/12',
    serverDomain: 'localhost',
    app,
    version: 3,
    resolved: { manifest: wanted.manifest, supportImages: {} },
    imageId: wanted.imageId,
    image: 'a:1',
    bindingEnv: {},
    configEnv: {},
    serviceAliases: [],
    volumes: [],
  });
  const env = again.processes[0]?.spec.env;
  assert.deepEqual([env?.MINICLOUD_RELEASE, env?.MINICLOUD_APP, env?.PORT, env?.COLOUR], ['3', 'shop', '3000', 'blue']);
});
