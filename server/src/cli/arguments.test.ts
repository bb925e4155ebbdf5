import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemLines } from 'minicloud-shared/model/problem';
import { parseCommandLine } from './arguments.ts';
import { commands } from './commands.ts';
import { UsageProblem } from './exit-codes.ts';
import { commandHelp, groups, overview } from './help.ts';
import { lineWidth, render } from './text.ts';

const parse = (...argv: string[]) => parseCommandLine(argv, commands);

function refusal(...argv: string[]): string {
  try {
    parse(...argv);
  } catch (error) {
    if (error instanceof UsageProblem) return problemLines(error.problem).join('\n');
    throw error;
  }
  assert.fail(`accepted: ${argv.join(' ')}`);
}

test('words and options in any order', () => {
  const { command, args } = parse('--json', '--api-url', 'http://a', 'logs', '-n', '5', 'shop', '-f', '--process=web');
  assert.equal(command.name, 'logs');
  assert.deepEqual(args.positionals, ['shop']);
  assert.equal(args.text('lines'), '5');
  assert.equal(args.text('process'), 'web');
  assert.equal(args.text('api-url'), 'http://a');
  assert.equal(args.has('follow') && args.has('json'), true);
  assert.equal(args.has('no-color'), false);
});

test('options that may be repeated are lists', () => {
  assert.deepEqual(parse('tokens:create', 'ci', '--scope', 'read', '--app', 'a', '--app', 'b').args.list('app'), [
    'a',
    'b',
  ]);
});

test('nothing, -h and --version are commands too', () => {
  assert.equal(parse().command.name, 'help');
  assert.equal(parse('-h').command.name, 'help');
  assert.equal(parse('--version').command.name, 'version');
  assert.equal(parse('deploy', '-h').args.has('help'), true);
  assert.equal(parse('releases', '--help').args.has('help'), true, 'help needs no NAME');
});

test('words after -- are no options', () => {
  assert.deepEqual(parse('validate', '--', '--json').args.positionals, ['--json']);
});

test('what is misspelt gets a suggestion', () => {
  assert.match(refusal('deplyo'), /Did you mean `minicloud deploy`/);
  assert.match(refusal('apps:inof', 'x'), /`minicloud apps:info`/);
  assert.match(refusal('deploy', '--imgae', 'x'), /--image/);
  assert.match(refusal('frobnicate'), /minicloud help/);
  assert.match(refusal('apps', '--constructor'), /has no option/);
  assert.match(refusal('apps', '-x'), /has no option -x/);
});

test('there is no way to give a token as an argument', () => {
  for (const words of [['--token', 'secret'], ['--token=secret']]) {
    const said = refusal('apps', ...words);
    assert.match(said, /MINICLOUD_TOKEN/);
    assert.doesNotMatch(said, /secret/);
  }
});

test('missing, superfluous, empty and wrong words are refused by name', () => {
  assert.match(refusal('releases'), /NAME is missing/);
  assert.match(refusal('releases', 'a', 'b'), /“b” is one word too many/);
  assert.match(refusal('deploy', '--image'), /--image/);
  assert.match(refusal('deploy', '--image', ''), /empty/);
  assert.match(refusal('deploy', '--yes=no'), /--yes/);
  assert.match(refusal('tokens:create', 'ci', '--scope', 'root'), /read, deploy, manage, admin/);
  assert.match(refusal('validate', '--format', 'xml'), /text, json, github/);
});

test('every command is in one group of the overview, once', () => {
  assert.deepEqual(groups.flatMap(({ names }) => names).sort(), commands.map(({ name }) => name).sort());
});

test('help says what the table says, within the width', () => {
  for (const columns of [40, 80, 200]) {
    for (const command of commands) {
      const lines = commandHelp(command, columns);
      const text = lines.map((line) => render(line, false)).join('\n');
      // Examples are kept whole: they are there to be copied.
      const copied = (command.examples ?? []).map((example) => `  ${example}`);
      const wide = lines.filter((line) => lineWidth(line) > columns).map((line) => render(line, false));
      assert.deepEqual(
        wide.filter((line) => !copied.includes(line)),
        [],
        command.name,
      );
      for (const option of Object.keys(command.options)) assert.match(text, new RegExp(`--${option}\\b`));
      assert.match(text, /--api-url/);
    }
    const wide = overview(commands, columns).filter((line) => lineWidth(line) > columns);
    assert.deepEqual(
      wide.map((line) => render(line, false)),
      [],
    );
  }
});
