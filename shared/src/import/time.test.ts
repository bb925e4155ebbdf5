// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Compose are written like this
/** How long an import takes at most, in time of the processor. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importApp } from './import.ts';

test('the largest files and hostile texts are read in the time of a file of their size', () => {
  const service = (index: number): string =>
    `  s${index}:\n    image: me/app:${index}\n    restart: always\n    ports: ["${8000 + index}:80"]\n    environment: { TOKEN: planted }\n    depends_on: [s${index + 1}]\n`;
  const inside = (line: string): string => `services:\n  web:\n    image: a\n    ports: ["80"]\n    ${line}\n`;
  const texts = {
    'plain, for comparison': inside(`command: "${'word '.repeat(40_000)}"`),
    'many services': `services:\n${Array.from({ length: 1200 }, (_, index) => service(index)).join('')}`,
    'many variables': inside(
      `environment:\n${Array.from({ length: 9000 }, (_, index) => `      VAR_${index}: ${index}`).join('\n')}`,
    ),
    'open braces': inside(`command: "${'${A:-'.repeat(40_000)}"`),
    'nested braces': inside(`command: "${'${A:-'.repeat(20_000)}${'}'.repeat(20_000)}"`),
    'open brackets': inside(`labels: { traefik.http.routers.a.rule: "${'Host(`a.b`'.repeat(20_000)}" }`),
    'checks without an end': inside(`healthcheck: { test: "${'nc localhost '.repeat(15_000)}" }`),
    'beginnings of secrets': inside(`user: "${'password=://a:'.repeat(15_000)}"`),
  };
  const spent = Object.entries(texts).map(([name, text]) => {
    const before = process.cpuUsage();
    const result = importApp({ kind: 'compose', file: 'c.yml', text, folder: 'x' });
    const { user, system } = process.cpuUsage(before);
    assert.ok(result.ok, name);
    return { name, seconds: (user + system) / 1e6 };
  });
  // Quadratic ones took from 20 s to minutes of the processor; what is linear takes one or two.
  for (const { name, seconds } of spent) assert.ok(seconds < 12, `${name}: ${seconds} s`);
});
