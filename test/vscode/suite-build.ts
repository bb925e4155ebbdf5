import { join } from 'node:path';
import { build } from 'esbuild';

/** Bundles the suite that runs inside the extension host into one file, whose `run` VS Code calls. */
export async function buildSuite(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, 'suite', 'index.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    logLevel: 'warning',
  });
}
