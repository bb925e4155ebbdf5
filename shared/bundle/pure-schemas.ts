/** For the programs that bundle this package, and not for what runs. */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * Lets a bundle leave out the schemas that it does not use, and zod with the last of them: to build a schema has no
 * effect, which esbuild can't know by itself. `import { z }` keeps the whole namespace alive, so it becomes
 * `import * as z`.
 */
export const pureSchemas: Plugin = {
  name: 'pure-schemas',
  setup({ onLoad }) {
    onLoad({ filter: /\/shared\/src\/.*\.ts$/ }, async ({ path }) => ({
      loader: 'ts',
      contents: (await readFile(path, 'utf8'))
        .replace("import { z } from 'zod'", "import * as z from 'zod'")
        .replace(/^(export const \w+Schema = )([\s\S]*?);$/gm, '$1/* @__PURE__ */ (() => $2)();'),
    }));
  },
};
