/**
 * The setting `minicloud.manifest.severity` in package.json lists every code, in the words of package.nls.json.
 * UPDATE_SNAPSHOTS=1 writes both anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { catalogue, isOpinion } from 'minicloud-shared/manifest/catalogue';

const manifestFile = new URL('../../package.json', import.meta.url);
const textsFile = new URL('../../package.nls.json', import.meta.url);
const prefix = 'setting.severity.';
const told = ['hint', 'information', 'warning', 'error'];

test('every code has a severity to choose, and only opinions can be turned off', () => {
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as {
    contributes: { configuration: { properties: Record<string, { properties?: object }> } };
  };
  const texts = JSON.parse(readFileSync(textsFile, 'utf8')) as Record<string, string>;
  const setting = manifest.contributes.configuration.properties['minicloud.manifest.severity'];
  const codes = catalogue.map((entry) => ({ ...entry, key: prefix + entry.code.replace('manifest/', '') }));
  const properties = Object.fromEntries(
    codes.map(({ code, key }) => [
      code,
      { type: 'string', enum: [...(isOpinion(code) ? ['off'] : []), ...told], description: `%${key}%` },
    ]),
  );
  const words = Object.fromEntries(
    codes.map(({ key, summary, severity }) => [key, `${summary} Otherwise: ${severity}.`]),
  );
  const others = Object.entries(texts).filter(([key]) => !key.startsWith(prefix));
  if (process.env.UPDATE_SNAPSHOTS === '1' && setting) {
    setting.properties = properties;
    const all = { ...Object.fromEntries(others), ...words };
    writeFileSync(manifestFile, `${JSON.stringify(manifest, null, 2)}\n`);
    writeFileSync(textsFile, `${JSON.stringify(all, null, 2)}\n`);
    return;
  }
  assert.deepEqual(setting?.properties, properties);
  assert.deepEqual(Object.fromEntries(Object.entries(texts).filter(([key]) => key.startsWith(prefix))), words);
});
