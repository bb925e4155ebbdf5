import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestMatch, findPlaces } from './find-places.ts';

const cases: [text: string, places: string[]][] = [
  ['    at run (/app/src/server.js:10:5)', ['/app/src/server.js 10 5']],
  ['    at file:///app/server.mjs:7:1', ['/app/server.mjs 7 1']],
  ['  File "/app/main.py", line 12, in <module>', ['/app/main.py 12']],
  ['\t/go/src/shop/main.go:42 +0x1d', ['/go/src/shop/main.go 42']],
  ['from /app/lib/shop.rb:3:in `call', ['/app/lib/shop.rb 3']],
  ['\tat shop.Main.run(Main.java:15)', ['Main.java 15']],
  ['PHP Fatal error: x in /var/www/html/index.php on line 9', ['/var/www/html/index.php 9']],
  ['   at Shop.Run() in /src/Shop.cs:line 31', ['/src/Shop.cs 31']],
  ['src/app.ts(3,14): error TS2322', ['src/app.ts 3 14']],
  ['a.ts:1 and b.ts:2', ['a.ts 1', 'b.ts 2']],
  ['C:\\app\\x.js:4:2', ['C:\\app\\x.js 4 2']],
  ['    at Module._compile (node:internal/modules/cjs/loader:1:1)', []],
  ['    at x (/app/node_modules/express/index.js:1:1)', []],
  ['GET http://example.com:8080/index.html', []],
  ['listening on 127.0.0.1:80', []],
  ['version 1.2.3:4', []],
  ['12:00:01 ready', []],
];
for (const [text, places] of cases) {
  test(text, () =>
    assert.deepEqual(
      findPlaces(text).map(({ path, line, column }) => [path, line, column].filter(Boolean).join(' ')),
      places,
    ),
  );
}

test('a place covers what is to be clicked', () => {
  const text = 'at run (/app/x.js:10:5)';
  const [place] = findPlaces(text);
  assert.equal(text.slice(place?.start, place?.end), '/app/x.js:10:5');
});

test('hostile lines take no time', () => {
  const started = performance.now();
  for (const text of ['a/'.repeat(900), 'a.'.repeat(999), 'x'.repeat(100_000), `${'a-'.repeat(900)}.b:`])
    findPlaces(text);
  assert.ok(performance.now() - started < 2_000);
});

test('the file with the longest common end is meant, and a tie is nobody', () => {
  const files = ['src/server.js', 'test/server.js', 'other/src/server.js.map'];
  assert.equal(bestMatch('/app/src/server.js', files), 'src/server.js');
  assert.equal(bestMatch('/app/test/server.js', files), 'test/server.js');
  assert.equal(bestMatch('/app/server.js', ['server.js']), 'server.js');
  assert.equal(bestMatch('/app/server.js', files), undefined);
  assert.equal(bestMatch('/app/main.py', files), undefined);
});
