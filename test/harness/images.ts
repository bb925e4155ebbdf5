/** Images that the suites use, made once for each version of their sources and kept in the cache's engine. */
import path from 'node:path';
import { buildSample } from '../../server/setup/build.ts';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';
import { contextHash, packContext } from '../../server/src/images/context.ts';
import { ensurePlatformImage } from '../../server/src/images/ensure.ts';
import type { ImageSettings } from '../../server/src/images/settings.ts';
import { cacheFolder, type TestEngine } from './engine.ts';

/** Versions of the test app: the same behaviours, told apart by the number that they answer with. */
const appVersions = [1, 2, 3];
const appImage = 'minicloud-test/app';
export const everyImage = ['base', 'proxy', 'mariadb', 'sample'] as const;

/** Builds what is missing of these; the environment by which suites find engine and images. */
export async function prepareImages(
  engine: TestEngine,
  root: string,
  say: (line: string) => void,
  names: readonly (typeof everyImage)[number][] = everyImage,
): Promise<Record<string, string>> {
  const docker = await createDockerEngine({ socketPath: engine.socket, installation: 'harness' });
  const settings: ImageSettings = {
    imagesFolder: path.join(root, 'server/images'),
    workFolder: path.join(cacheFolder(), 'work'),
    choice: 'build',
  };
  if (names.includes('sample')) await buildSample(root, say);
  const references: Record<string, string> = {};
  for (const name of names) {
    const image = await ensurePlatformImage(docker, name, settings, say);
    references[`MINICLOUD_TEST_${name.toUpperCase()}_IMAGE`] = image.reference;
  }
  const folder = path.join(root, 'test/fixtures/testapp');
  const hash = await contextHash(folder);
  for (const version of appVersions) {
    const tag = `${appImage}:${version}`;
    const present = await docker.inspectImage(tag);
    if (present?.labels['minicloud-test.sources'] === hash) continue;
    say(`building ${tag}`);
    await docker.buildImage(await packContext(folder), tag, {
      buildArgs: { BASE: 'minicloud/base:trixie', VERSION: String(version) },
      labels: { 'minicloud-test.sources': hash },
    });
  }
  return {
    ...references,
    MINICLOUD_TEST_DOCKER: engine.socket,
    MINICLOUD_TEST_NETNS: engine.namespace.name,
    MINICLOUD_TEST_APP_IMAGE: appImage,
  };
}
