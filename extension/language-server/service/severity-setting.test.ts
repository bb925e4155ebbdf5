/** The setting `minicloud.manifest.severity` in package.json lists every opinion. UPDATE_SNAPSHOTS=1 writes it anew. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { catalogue, isOpinion } from 'minicloud-shared/manifest/catalogue';

const file = new URL('../../package.json', import.meta.url);

test('every opinion has a severity to choose, no error has', () => {
  const text = readFileSync(file, 'utf8');
  const manifest = JSON.parse(text) as {
    contributes: { configuration: { properties: Record<string, { properties?: object }> } };
  };
  const setting = manifest.contributes.configuration.properties['minicloud.manifest.severity'];
  const expected = Object.fromEntries(
    catalogue
      .filter(({ code }) => isOpinion(code))
      .map(({ code, severity, summary }) => [
        code,
        {
          type: 'string',
          enum: ['off', 'hint', 'information', 'warning', 'error'],
          description: `${summary} Otherwise: ${severity}.`,
        },
      ]),
  );
  if (process.env.UPDATE_SNAPSHOTS === '1' && setting) {
    setting.properties = expected;
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
  }
  assert.deepEqual(setting?.properties, expected);
});
