import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Severity } from 'minicloud-shared/manifest/model';
import { diagnosticLine } from './task-lines.ts';

interface Matcher {
  name: string;
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
for (const [severity, word] of severities) {
  test(`the problem matcher of package.json reads a line of severity ${severity}`, async () => {
    const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
    const { contributes } = JSON.parse(text) as { contributes: { problemMatchers: Matcher[] } };
    const matcher = contributes.problemMatchers.find(({ name }) => name === 'minicloud');
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
