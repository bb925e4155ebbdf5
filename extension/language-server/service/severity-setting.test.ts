/**
 * The setting `minicloud.manifest.severity` in package.json lists every opinion, in the words of package.nls.json.
 * UPDATE_SNAPSHOTS=1 writes both anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { catalogue, isOpinion } from 'minicloud-shared/manifest/catalogue';

const manifestFile = new URL('../../package.json', import.meta.url);
const textsFile = new URL('../../package.nls.json', import.meta.url);
const prefix = 'setting.severity.';

test('every opinion has a severity to choose, no error has', () => {
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as {
    contributes: { configuration: { properties: Record<string, { properties?: object }> } };
  };
  const texts = JSON.parse(readFileSync(textsFile, 'utf8')) as Record<string, string>;
  const setting = manifest.contributes.configuration.properties['minicloud.manifest.severity'];
  const opinions = catalogue
    .filter(({ code }) => isOpinion(code))
    .map((entry) => ({ ...entry, key: prefix + entry.code.replace('manifest/', '') }));
  const properties = Object.fromEntries(
    opinions.map(({ code, key }) => [
      code,
      { type: 'string', enum: ['off', 'hint', 'information', 'warning', 'error'], description: `%${key}%` },
    ]),
  );
  const words = Object.fromEntries(
    opinions.map(({ key, summary, severity }) => [key, `${summary} Otherwise: ${severity}.`]),
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
