/** Packs the built extension into `dist/minicloud.vsix`, which `code --install-extension` takes. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVSIX } from '@vscode/vsce';
import { buildExtension, extensionFolder } from './build.ts';

/** Builds and packs. Answers the file's path. Its dependencies are in the bundles, so that none is packed beside them. */
export async function packageExtension(): Promise<string> {
  await buildExtension();
  const packagePath = join(extensionFolder, 'dist', 'minicloud.vsix');
  await createVSIX({
    cwd: extensionFolder,
    packagePath,
    dependencies: false,
    allowMissingRepository: true,
    // Pictures of the README live with the sources; the repository's address is not known to the package.
    rewriteRelativeLinks: false,
  });
  return packagePath;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const packed = await packageExtension();
  console.log(`${packed}  ${Math.ceil((await stat(packed)).size / 1024)} KB`);
}
