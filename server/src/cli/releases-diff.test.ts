import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparisonView } from './commands/releases-diff.ts';
import { lineWidth, render } from './text.ts';

const comparison = {
  app: 'shop',
  from: 3,
  to: 12,
  differences: [
    { action: 'change', object: 'image', before: 'me/shop:1 (aaaaaaaaaaaa)', after: 'me/shop:2 (3f2a9c1b0d4e)' },
    { action: 'add', object: 'variable PAYMENTS_URL' },
    { action: 'remove', object: 'secret STRIPE_KEY' },
  ] as { action: 'add' | 'change' | 'remove'; object: string; before?: string; after?: string }[],
};
const shown = (columns: number, differences = comparison.differences): string =>
  comparisonView({ ...comparison, differences }, columns)
    .map((line) => render(line, false).trimEnd())
    .join('\n');

test('two releases beside each other, at every width', () => {
  assert.equal(
    shown(100),
    [
      'shop: release 3 → 12',
      '',
      '  ~  image                  me/shop:1 (aaaaaaaaaaaa) → me/shop:2 (3f2a9c1b0d4e)',
      '  +  variable PAYMENTS_URL',
      '  -  secret STRIPE_KEY',
    ].join('\n'),
  );
  assert.equal(
    shown(100, []),
    'shop: release 3 → 12\n\n  No difference in image, processes, routes, needs, variables or config.',
  );
  for (let columns = 40; columns <= 130; columns += 1)
    for (const line of comparisonView(comparison, columns)) assert.ok(lineWidth(line) <= columns);
});
