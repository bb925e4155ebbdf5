import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { commandArgv, splitCommand } from './command.ts';

/** Lines that a shell and we split alike. */
const good: [string, string[]][] = [
  ['node server.js', ['node', 'server.js']],
  ['  node   server.js\t--x ', ['node', 'server.js', '--x']],
  [`echo 'a b' "c d"`, ['echo', 'a b', 'c d']],
  [`a'b'"c"d`, ['abcd']],
  [`echo ''`, ['echo', '']],
  [`echo "" ''x`, ['echo', '', 'x']],
  ['echo a\\ b \\" \\\\', ['echo', 'a b', '"', '\\']],
  [`echo "a\\"b" "\\n" "\\\\" "\\$X"`, ['echo', 'a"b', '\\n', '\\', '$X']],
  [`echo 'a\\b' '$X' '\`x\`' '; | &'`, ['echo', 'a\\b', '$X', '`x`', '; | &']],
  [`echo "; | & < > ( ) # ~ it's"`, ['echo', `; | & < > ( ) # ~ it's`]],
  ['echo a#b a~b', ['echo', 'a#b', 'a~b']],
  ['echo A=b', ['echo', 'A=b']],
  ['echo "a\\\nb" c\\\nd', ['echo', 'ab', 'cd']],
  ['echo grüße 👋', ['echo', 'grüße', '👋']],
];

for (const [line, argv] of good) {
  test(`splits ${JSON.stringify(line)}`, () => {
    assert.deepEqual(splitCommand(line), { ok: true, argv });
  });
}

test('splits as the shell of this machine does', () => {
  for (const [line] of good) {
    const script = `set -- ${line}\nfor argument in "$@"; do printf '%s\\0' "$argument"; done`;
    const printed = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
    assert.deepEqual(commandArgv(line), printed.split('\0').slice(0, -1), line);
  }
});

/** Lines that only a shell could run, or that are no command at all: text, part of the reason, place. */
const refused: [string, RegExp, number][] = [
  ['a && b', /"&&"/, 2],
  ['a; b', /";"/, 1],
  ['a | b', /"\|"/, 2],
  ['a > b', /">"/, 2],
  ['a < b', /"<"/, 2],
  ['(a)', /"\("/, 0],
  ['a &', /"&"/, 2],
  ['echo $HOME', /"\$"/, 5],
  ['echo "$HOME"', /"\$"/, 6],
  ['echo `date`', /"`"/, 5],
  ['echo "`date`"', /"`"/, 6],
  ['ls ~/x', /"~"/, 3],
  ['# nothing', /"#"/, 0],
  ['a\nb', /line break/, 1],
  ['A=b cmd', /env/, 1],
  [`echo 'x`, /' that is not closed/, 5],
  ['echo "x', /" that is not closed/, 5],
  ['echo \\', /backslash/, 5],
  ['', /empty/, 0],
  ['   ', /empty/, 0],
  [`''`, /empty/, 0],
];

for (const [line, why, offset] of refused) {
  test(`refuses ${JSON.stringify(line)}`, () => {
    const result = splitCommand(line);
    assert.ok(!result.ok);
    assert.match(result.why, why);
    assert.equal(result.offset, offset);
  });
}

test('a list is taken as it is', () => {
  assert.deepEqual(commandArgv(['sh', '-c', 'a && b', 5, true]), ['sh', '-c', 'a && b', '5', 'true']);
});
