/** The rules of `server/ARCHITECTURE.md`, kept by every file; and each rule seen to fail on a sample that breaks it. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { rules } from './architecture/rules.ts';
import { bareCode, importsOf, readSources, withoutComments } from './architecture/scan.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const sources = readSources(root).filter(({ file }) => !file.startsWith('test/fixtures/') && file !== 'LICENSE');

test('the sources are found', () => {
  for (const folder of ['shared/src/', 'server/src/', 'server/setup/', 'extension/', 'test/']) {
    assert.ok(sources.filter(({ file }) => file.startsWith(folder)).length > 3, `${folder} looks empty`);
  }
});

for (const rule of rules) {
  describe(rule.says, () => {
    test('is kept', () => {
      // The samples of broken rules are in this folder.
      const looked = sources.filter(({ file }) => !file.startsWith('test/architecture/'));
      const problems = looked.flatMap((source) => rule.problems(source).map((problem) => `${source.file}: ${problem}`));
      assert.equal(problems.length, 0, `\n${problems.join('\n')}`);
    });
    test('would be missed', () => {
      for (const sample of rule.broken) {
        assert.notEqual(
          rule.problems(sample).length,
          0,
          `nothing is found wrong with ${JSON.stringify(sample).slice(0, 200)}`,
        );
      }
    });
  });
}

describe('the scanner', () => {
  const text = [
    "import { a } from './a.ts'; // import b from './b.ts'",
    "/* import './c.ts' */ import type { D } from '../d.ts';",
    "export { e } from './e.ts';",
    `const f = \`import "./f.ts" \${g({ h: \`x\` })} any\`;`,
    `const i = /['"]/.test("it's"); const j = await import('./j.ts');`,
    "import {\n  k,\n  l,\n} from 'k';",
    "import './m.ts';",
  ].join('\n');

  test('finds imports in every form, and none in comments and texts', () => {
    const found = importsOf({ file: 'x/y/z.ts', text: withoutComments(text) });
    assert.deepEqual(found.map(({ target, typeOnly }) => (typeOnly ? `type ${target}` : target)).sort(), [
      'k',
      'type x/d.ts',
      'x/y/a.ts',
      'x/y/e.ts',
      'x/y/j.ts',
      'x/y/m.ts',
    ]);
  });

  test('blanks texts and keeps lines', () => {
    const bare = bareCode(text);
    assert.equal(bare.split('\n').length, text.split('\n').length);
    assert.ok(!/any|it's|import "/.test(bare));
    assert.match(bare, /g\(\{ h: `\s*` \}\)/);
  });
});
