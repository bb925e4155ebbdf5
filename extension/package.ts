/** Packs the extension into `minicloud.vsix`, which `code --install-extension` takes. */
import { cp, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVSIX, listFiles, PackageManager } from '@vscode/vsce';
import type { Metafile } from 'esbuild';
import { buildExtension, extensionFolder } from './build.ts';

/**
 * Puts everything that is packed into `folder`, built: what VS Code loads. A folder of its own, so that builds that
 * run side by side don't take each other's files away.
 */
export async function stageExtension(folder: string): Promise<Metafile> {
  const files = await listFiles({ cwd: extensionFolder, packageManager: PackageManager.None });
  for (const file of files.filter((name) => !name.startsWith('dist/'))) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(join(extensionFolder, file), join(folder, file));
  }
  await cp(join(extensionFolder, '.vscodeignore'), join(folder, '.vscodeignore'));
  return buildExtension(folder);
}

/** Builds and packs into `folder`. Answers the package's path. Its dependencies are in the bundles. */
export async function packageExtension(folder: string): Promise<string> {
  const staged = await mkdtemp(join(tmpdir(), 'minicloud-package-'));
  const packagePath = join(folder, 'minicloud.vsix');
  try {
    await stageExtension(staged);
    await mkdir(folder, { recursive: true });
    await createVSIX({
      cwd: staged,
      packagePath,
      dependencies: false,
      allowMissingRepository: true,
      // Pictures of the README live with the sources; the repository's address is not known to the package.
      rewriteRelativeLinks: false,
    });
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
  return packagePath;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const packed = await packageExtension(join(extensionFolder, 'dist'));
  console.log(`${packed}  ${Math.ceil((await stat(packed)).size / 1024)} KB`);
}
