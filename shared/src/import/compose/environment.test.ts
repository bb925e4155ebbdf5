// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Compose are written like this
/** Where the values of variables come from: `environment`, `.env` and `env_file`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { importApp } from '../import.ts';
import type { Imported } from '../model.ts';

function compose(service: string, files: Record<string, string>): Imported {
  const text = `services:\n  web:\n    image: me/web:1\n${service.replace(/^/gm, '    ')}\n`;
  const result = importApp({
    ...{ kind: 'compose', file: 'compose.yml', text, folder: 'shop' },
    files: new Map(Object.entries(files)),
  });
  return result.ok ? result : assert.fail(result.why);
}

test('a variable without a value has that of .env, then that of env_file', () => {
  const files = { '.env': 'A=dotenv\nA_TOKEN=planted\n', 'web.env': 'A=file\nB=file\nC=file\n' };
  const rows: [service: string, env: Record<string, string> | undefined, secrets?: string[]][] = [
    ['environment: [A]', { A: 'dotenv' }],
    ['environment: { A: }', { A: 'dotenv' }],
    ['environment: [A_TOKEN]', undefined, ['A_TOKEN']],
    ['environment: [NOWHERE]', undefined],
    ['environment: [A, B]\nenv_file: web.env', { A: 'dotenv', B: 'file', C: 'file' }],
    ['env_file: web.env\nenvironment: [A, B]', { A: 'dotenv', B: 'file', C: 'file' }],
    ['env_file: web.env\nenvironment: { A: own, B: "" }', { A: 'own', B: '', C: 'file' }],
    ['environment: { A: own, B: "" }\nenv_file: web.env', { A: 'own', B: '', C: 'file' }],
  ];
  for (const [service, env, secrets] of rows) {
    const result = compose(service, files);
    const made = parse(result.manifest) as Record<string, unknown>;
    assert.deepEqual(made.env, env, service);
    assert.deepEqual(made.secrets, secrets, service);
    assert.doesNotMatch(JSON.stringify(result), /planted/);
  }
  const { build } = parse(compose('build: { context: ., args: [A] }', files).manifest) as Record<string, unknown>;
  assert.deepEqual(build, { type: 'dockerfile', dockerfile: { args: { A: 'dotenv' } } });
});
