import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Severity } from 'minicloud-shared/manifest/model';
import { problemCodes } from 'minicloud-shared/model/problem';
import { diagnosticLine, terminalLine } from './task-lines.ts';

interface Matcher {
  name: string;
  owner: string;
  applyTo: string;
  pattern: {
    regexp: string;
    file: number;
    line: number;
    column: number;
    severity: number;
    message: number;
    code: number;
  };
}

const severities: [Severity, string][] = [
  ['error', 'error'],
  ['warning', 'warning'],
  ['information', 'info'],
  ['hint', 'info'],
];
async function matchers(): Promise<Matcher[]> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { contributes: { problemMatchers: Matcher[] } }).contributes.problemMatchers;
}

for (const [severity, word] of severities) {
  test(`the problem matcher of package.json reads a line of severity ${severity}`, async () => {
    const matcher = (await matchers()).find(({ name }) => name === 'minicloud');
    assert.ok(matcher);
    const { pattern } = matcher;
    const line = diagnosticLine('/work/my shop/cloud_manifest.yml', {
      severity,
      message: 'a port is a whole number:\n not [70000]',
      code: 'manifest/port-range',
      range: { start: { line: 4, character: 8 } },
    });
    const match = new RegExp(pattern.regexp).exec(line);
    assert.ok(match, line);
    const found = (['file', 'line', 'column', 'severity', 'message', 'code'] as const).map(
      (key) => match[pattern[key]],
    );
    assert.deepEqual(found, [
      '/work/my shop/cloud_manifest.yml',
      '5',
      '9',
      word,
      'a port is a whole number: not [70000]',
      'manifest/port-range',
    ]);
  });
}

test('why a deploy failed is told of an open manifest too; what the editor finds by itself is not told twice', async () => {
  const told = async (code: string): Promise<string[]> => {
    const range = { start: { line: 0, character: 0 } };
    const line = diagnosticLine('/work/cloud_manifest.yml', { severity: 'error', message: 'no', code, range });
    const reading = (await matchers()).filter(({ pattern }) => new RegExp(pattern.regexp).test(line));
    return reading.filter(({ applyTo }) => applyTo === 'allDocuments').map(({ name }) => name);
  };
  for (const code of problemCodes) assert.deepEqual(await told(code), ['minicloud-failure'], code);
  assert.deepEqual(await told('manifest/port-range'), []);
  // The editor takes the documents of all matchers of an owner together.
  const owners = (await matchers()).map(({ owner }) => owner);
  assert.equal(new Set(owners).size, owners.length);
});

test('a line in the terminal of a task is one line and acts on nothing', () => {
  assert.equal(
    terminalLine('data at /data\r\nshop: release 2 is live.\u001b[2J\u001b[H\u202e'),
    'data at /datashop: release 2 is live.\r\n',
  );
});
