/** The command line while something happens: Ctrl-C, lost connections, a terminal that is drawn on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  atTerminal,
  cli,
  companion,
  engine,
  expect,
  folder,
  holdStarts,
  start,
  token,
  unreliableWire,
  world,
} from './cli-lab.ts';

test('Ctrl-C cancels and waits for the outcome', async () => {
  const place = await folder('cancelled');
  const free = holdStarts('cancelled');
  const running = start(['deploy', place, '--yes']);
  await running.says('started  Start 1 replica of web');
  running.child.kill('SIGINT');
  await running.says('Asked the server to cancel');
  free();
  const ended = await running.ended;
  assert.equal(ended.code, 130, ended.err);
  const { operations } = JSON.parse((await expect(0, ['operations', 'cancelled', '--json'])).out);
  assert.deepEqual(
    operations.filter((each: { kind: string }) => each.kind === 'deploy').map((each: { state: string }) => each.state),
    ['cancelled'],
  );
});

test('Ctrl-C twice leaves; the deploy goes on and can be watched to its end', async () => {
  const place = await folder('left');
  const free = holdStarts('left');
  // The server is deaf to the cancelling, as one is that is past the point of no return.
  const cancel = companion.cloud.operations.cancel;
  companion.cloud.operations.cancel = async () => false;
  try {
    const running = start(['deploy', place, '--yes']);
    await running.says('started  Start 1 replica of web');
    running.child.kill('SIGINT');
    await running.says('Asked the server to cancel');
    await running.says('can not be cancelled any more');
    running.child.kill('SIGINT');
    const ended = await running.ended;
    assert.equal(ended.code, 130, ended.err);
    assert.match(ended.err, /It goes on on the server/);
    const id = /minicloud watch (\S+)/.exec(ended.err)?.[1] ?? '';
    const watching = start(['watch', id]);
    await watching.says('started  Start 1 replica of web');
    free();
    assert.equal((await watching.ended).code, 0);
    assert.match((await expect(0, ['apps:info', 'left'])).out, /release +1/);
  } finally {
    companion.cloud.operations.cancel = cancel;
  }
});

test('cancel from elsewhere ends the deploy with 1, and itself with 0', async () => {
  const place = await folder('elsewhere');
  const free = holdStarts('elsewhere');
  const running = start(['deploy', place, '--yes']);
  await running.says('started  Start 1 replica of web');
  const [operation] = await companion.cloud.operations.list('elsewhere', 1);
  const cancelling = start(['cancel', operation?.id ?? '']);
  await cancelling.says('started  Start 1 replica of web');
  free();
  assert.equal((await cancelling.ended).code, 0);
  assert.equal((await running.ended).code, 1);
  await expect(0, ['cancel', operation?.id ?? '']);
});

test('a connection that is cut while watching is taken up again', async () => {
  const wire = await unreliableWire();
  const place = await folder('cutoff');
  const free = holdStarts('cutoff');
  try {
    const running = start(['deploy', place, '--yes', '--api-url', wire.url], { env: { MINICLOUD_TOKEN: token } });
    await running.says('started  Start 1 replica of web');
    wire.away = true;
    wire.cut();
    await running.says('Connection lost; the operation goes on');
    free();
    wire.away = false;
    const ended = await running.ended;
    assert.equal(ended.code, 0, ended.err);
    assert.match(ended.err, /The server is back/);
    assert.match(ended.out, /cutoff is live: release 1/);
  } finally {
    wire.close();
  }
});

test('an answer that gets lost does not start the deploy twice', async () => {
  const wire = await unreliableWire();
  const place = await folder('once');
  try {
    wire.swallow = 'POST /trpc/deploys.start';
    const ended = await expect(0, ['deploy', place, '--yes', '--api-url', wire.url], {
      env: { MINICLOUD_TOKEN: token },
    });
    assert.equal(wire.swallowed, 1);
    assert.match(ended.out, /once is live: release 1/);
    const deploys = (await companion.cloud.operations.list('once', 10)).filter(({ kind }) => kind === 'deploy');
    assert.equal(deploys.length, 1);
  } finally {
    wire.close();
  }
});

test('an answer that gets lost does not make a deletion look as if there had been no app', async () => {
  const wire = await unreliableWire();
  await expect(0, ['deploy', await folder('gone'), '--yes']);
  try {
    wire.swallow = 'POST /trpc/apps.delete';
    const ended = await expect(0, ['apps:delete', 'gone', '--confirm', 'gone', '--api-url', wire.url], {
      env: { MINICLOUD_TOKEN: token },
    });
    assert.equal(wire.swallowed, 1);
    assert.match(ended.out, /gone is deleted/);
    const deletions = (await companion.cloud.operations.list('gone', 10)).filter(({ kind }) => kind === 'delete');
    assert.equal(deletions.length, 1);
  } finally {
    wire.close();
  }
});

test('logs are followed over a lost connection: nothing twice, nothing missing', async () => {
  await expect(0, ['deploy', await folder('chatty'), '--yes']);
  const [container] = [...world.containers.values()].filter(({ spec }) => spec.name.includes('chatty'));
  const name = container?.spec.name ?? '';
  const wire = await unreliableWire();
  try {
    engine().printLog(name, 'before');
    const running = start(['logs', 'chatty', '-f', '--api-url', wire.url], { env: { MINICLOUD_TOKEN: token } });
    let out = '';
    running.child.stdout?.on('data', (chunk) => {
      out += chunk;
    });
    const until = async (text: string) => {
      for (const deadline = Date.now() + 30_000; !out.includes(text); ) {
        assert.ok(Date.now() < deadline, `never printed ${text}:\n${out}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await until('before');
    engine().printLog(name, 'live 1');
    await until('live 1');
    wire.away = true;
    wire.cut();
    await running.says('Connection lost');
    engine().printLog(name, 'while away');
    wire.away = false;
    await running.says('The server is back');
    await until('while away');
    engine().printLog(name, 'live 2');
    await until('live 2');
    running.child.kill('SIGINT');
    assert.equal((await running.ended).code, 130);
    assert.deepEqual(
      out
        .trim()
        .split('\n')
        .map((line) => line.replace(/^\S+ \S+ +/, '')),
      ['before', 'live 1', 'while away', 'live 2'],
    );
  } finally {
    wire.close();
  }
});

test('on a terminal it asks, shows each step once, and leaves a tidy screen', async () => {
  const place = await folder('seen');
  // Long enough for a slow machine to have begun.
  setTimeout(holdStarts('seen'), 2500);
  const { code, asked, terminal, shown } = await atTerminal(['deploy', place], 'y');
  assert.equal(code, 0, shown.join('\n'));
  assert.deepEqual(asked, ['Deploy? [y/N] ']);
  assert.equal(shown.filter((line) => line.startsWith('Deploying seen, release 1')).length, 1, shown.join('\n'));
  assert.equal(shown.filter((line) => /^ ✓ Start 1 replica of web /.test(line)).length, 1);
  assert.equal(shown.filter((line) => line.includes('Making the plan')).length, 0);
  assert.ok(shown.includes('seen is live: release 1'));
  assert.equal(terminal.cursorHidden(), false);
  assert.match(terminal.written(), /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/, 'it turned');
});

test('no is no', async () => {
  const { code, shown } = await atTerminal(['deploy', await folder('refused')], 'n');
  assert.equal(code, 130);
  assert.equal(shown.at(-1), 'Nothing was changed.');
  assert.equal((await cli(['apps:info', 'refused'])).code, 1);
});

test('a terminal of a few rows shows what runs now', async () => {
  const processes = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}: { command: ./${name} }`);
  const place = await folder('small', [`processes: { web: {}, ${processes.join(', ')} }`]);
  const { code, shown } = await atTerminal(['deploy', place, '-y'], '', [40, 6]);
  assert.equal(code, 0, shown.join('\n'));
  assert.equal(shown.filter((line) => line.startsWith('Deploying small')).length, 1, shown.join('\n'));
});
