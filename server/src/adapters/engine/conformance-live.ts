/** What every engine must do with what somebody is at: terminals, pipes, connections, measurements. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { poll } from '../../platform/wait.ts';
import { type EngineFixtures, failsWith, type MakeEngine } from './conformance.ts';
import { engineTests } from './conformance-containers.ts';
import type { ContainerSpec, Engine, RunningExec } from './contract.ts';
import type { MemorySession } from './memory-live.ts';
import type { Behaviour } from './memory-world.ts';

const shell = ['bash', '--norc'];
const family = ['bash', '-c', 'sleep 1000 & sleep 1000 & echo up; wait'];
const bothOutputs = ['bash', '-c', 'echo "$GREETING"; echo oops >&2; exit 4'];
const echoPort = 7000;
/** Says everything again once the other side has said its last; in Perl, which every Debian has. */
const echoServer = [
  'perl',
  '-MIO::Socket::INET',
  '-e',
  `$SIG{CHLD} = "IGNORE"; my $l = IO::Socket::INET->new(LocalPort => ${echoPort}, Listen => 5, ReuseAddr => 1) or die;
   while (my $c = $l->accept) { next if fork; my $all = ""; while (sysread($c, my $part, 65536)) { $all .= $part }
   while (length $all) { my $n = syswrite($c, $all) or last; $all = substr($all, $n) } close $c; exit }`,
];
const burns = ['bash', '-c', 'while :; do :; done'];

let used = 0;

/** How the in-memory engine plays the programs above. */
export function liveBehaviour(spec: ContainerSpec): Behaviour {
  return {
    interactive: (argv, session) => plays[argv.join(' ')]?.(session),
    listen: (port) => (port === echoPort && spec.command?.[0] === 'perl' ? echoLater : undefined),
    use: () => {
      used += 1_000_000;
      return { memoryBytes: 4_000_000, cpuNanoseconds: used };
    },
  };
}

const plays: Record<string, (session: MemorySession) => void> = {
  [shell.join(' ')]: playShell,
  [family.join(' ')]: (session) => session.print('up\n'),
  [bothOutputs.join(' ')](session) {
    session.print(`${session.env.GREETING}\n`);
    session.print('oops\n', 'stderr');
    session.exit(4);
  },
  cat(session) {
    session.onInput((data) => session.print(data));
    session.onEnd(() => session.exit(0));
  },
};

function playShell(session: MemorySession): void {
  let sleeps = false;
  session.onInput((data) => {
    const text = data.toString();
    if (text.includes('\u0003')) {
      sleeps = false;
      session.print('^C\r\n');
    }
    for (const line of text.replaceAll('\u0003', '').split('\n')) {
      if (line === 'stty size') session.print(`${session.size()?.rows} ${session.size()?.cols}\r\n`);
      else if (line.endsWith('sleep 1000')) {
        session.print('asleep\r\n');
        sleeps = true;
      } else if (line.startsWith('echo') && !sleeps) session.print(`${line.slice(5).replace("''", '')}\r\n`);
      else if (line.startsWith('exit')) session.exit(Number(line.slice(5)));
    }
  });
}

function echoLater(socket: Duplex): void {
  buffer(socket).then(
    (all) => socket.end(all),
    () => socket.destroy(),
  );
}

/** Reads what a program prints while a test talks to it. */
function reader(exec: RunningExec) {
  const seen = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const text = () => Buffer.concat(seen.stdout).toString();
  const ended = (async () => {
    for await (const { stream, data } of exec.output) seen[stream].push(Uint8Array.from(data));
  })();
  const says = (pattern: RegExp) =>
    poll(async () => pattern.test(text()) || undefined, { firstMs: 10, mostMs: 100, deadlineMs: 20_000 }).then((came) =>
      assert.ok(came, `${pattern} did not come in ${JSON.stringify(text())}`),
    );
  return { seen, text, ended, says };
}

export function liveConformance(makeEngine: MakeEngine, fixtures: EngineFixtures): void {
  const { prefix } = fixtures;
  const withEngine = engineTests(makeEngine, fixtures);
  const started = async (engine: Engine, spec: ContainerSpec) => {
    const id = await engine.createContainer(spec);
    await engine.startContainer(id);
    return id;
  };

  withEngine('a terminal: its size, a new size, Ctrl-C, the exit code', 0, async (engine, spec) => {
    const id = await started(engine, spec);
    const exec = await engine.startExec(id, shell, { terminal: { cols: 100, rows: 30 }, env: { PS1: '' } });
    const { says, ended } = reader(exec);
    await exec.write(Buffer.from('stty size\n'));
    await says(/^30 100\r$/m);
    await exec.resize({ cols: 132, rows: 43 });
    await exec.write(Buffer.from('stty size\n'));
    await says(/^43 132\r$/m);
    await exec.write(Buffer.from("echo as''leep; sleep 1000\n"));
    await says(/^asleep\r$/m);
    // What is typed before a terminal has taken Ctrl-C goes with it.
    await exec.write(Buffer.from('\u0003'));
    await says(/\^C/);
    await exec.write(Buffer.from("echo a''wake\n"));
    await says(/^awake\r$/m);
    await exec.write(Buffer.from('exit 7\n'));
    await ended;
    assert.equal(await exec.exitCode(), 7);
    assert.equal(await engine.endExec(id, exec.id), true, 'it has ended already');
    exec.close();
  });

  withEngine('pipes: a megabyte both ways, an end, both outputs apart', 1, async (engine, spec) => {
    const id = await started(engine, spec);
    const data = randomBytes(1024 * 1024);
    const exec = await engine.startExec(id, ['cat']);
    const { seen, ended } = reader(exec);
    for (let at = 0; at < data.length; at += 65_536) await exec.write(data.subarray(at, at + 65_536));
    exec.endInput();
    await ended;
    assert.equal(await exec.exitCode(), 0);
    assert.ok(Buffer.concat(seen.stdout).equals(data));

    const both = await engine.startExec(id, bothOutputs, { env: { GREETING: 'hello' } });
    const outputs = reader(both);
    await outputs.ended;
    assert.equal(outputs.text(), 'hello\n');
    assert.equal(Buffer.concat(outputs.seen.stderr).toString(), 'oops\n');
    assert.equal(await both.exitCode(), 4);
  });

  withEngine('a program is ended with all that it started, and no other', 2, async (engine, spec) => {
    const id = await started(engine, spec);
    const second = await started(engine, { ...spec, name: `${spec.name}b` });
    const count = async () => (await engine.measure([id])).get(id)?.pids;
    const before = await count();
    for (const terminal of [undefined, { cols: 80, rows: 24 }]) {
      const exec = await engine.startExec(id, family, terminal ? { terminal } : {});
      const { says, ended } = reader(exec);
      await says(/^up\r?$/m);
      assert.ok(((await count()) ?? 0) > (before ?? 0));
      assert.equal(await engine.endExec(second, exec.id), true);
      assert.ok(((await count()) ?? 0) > (before ?? 0), 'it is not of that container');
      assert.equal(await engine.endExec(id, exec.id), true);
      await ended;
      assert.notEqual(await exec.exitCode(), 0);
      const same = async () => (await count()) === before || undefined;
      assert.ok(await poll(same, { firstMs: 10, mostMs: 100, deadlineMs: 10_000 }), `${await count()} are left`);
      exec.close();
    }
    assert.equal((await engine.inspectContainer(id))?.state, 'running');
    await engine.removeContainer(id);
    assert.equal(await engine.endExec(id, 'f'.repeat(64)), true, 'gone is gone');
  });

  withEngine('only what is ours and runs can be entered, measured or connected to', 3, async (engine, spec) => {
    const network = `${prefix}cnet3`;
    const stopped = await engine.createContainer({ ...spec, name: `${spec.name}s` });
    await assert.rejects(engine.startExec(stopped, ['cat']), failsWith('conflict'));
    await assert.rejects(engine.connect(stopped, network, echoPort), failsWith('not_available'));
    assert.deepEqual([...(await engine.measure([stopped, 'nothing'])).keys()], []);
    const id = await started(engine, spec);
    const other = await makeEngine(`${prefix}c3b`);
    await assert.rejects(other.startExec(id, ['cat']), failsWith('forbidden'));
    await assert.rejects(other.endExec(id, 'f'.repeat(64)), failsWith('forbidden'));
    await assert.rejects(other.connect(id, network, echoPort), failsWith('forbidden'));
    assert.deepEqual([...(await other.measure([id])).keys()], []);
    await assert.rejects(engine.startExec(id, ['cat'], { signal: AbortSignal.abort() }));
  });

  withEngine('a connection to a port: a megabyte, a half-close, a refusal', 4, async (engine, spec) => {
    const network = `${prefix}cnet4`;
    const id = await started(engine, { ...spec, command: echoServer });
    const connected = () => engine.connect(id, network, echoPort).catch(() => undefined);
    const socket = await poll(connected, { firstMs: 20, mostMs: 200, deadlineMs: 20_000 });
    assert.ok(socket, 'nobody listened');
    const data = randomBytes(1024 * 1024);
    const answer = buffer(socket);
    socket.end(data);
    assert.ok((await answer).equals(data), 'it came back after our side had ended');
    await assert.rejects(engine.connect(id, network, 7001), failsWith('not_available'));
    await assert.rejects(engine.connect(id, `${prefix}nothing`, echoPort), failsWith('not_available'));
    await assert.rejects(engine.connect('nothing', network, echoPort), failsWith('not_found'));
  });

  withEngine('many containers are measured at once', 5, async (engine, spec) => {
    const idle = await started(engine, spec);
    const busy = await started(engine, {
      ...spec,
      name: `${spec.name}b`,
      command: burns,
      memoryBytes: 64 * 1024 * 1024,
    });
    const first = await engine.measure([idle, busy]);
    assert.equal(first.size, 2);
    const { memoryBytes = 0, memoryLimitBytes, pids = 0 } = first.get(busy) ?? {};
    assert.ok(memoryBytes > 0 && memoryBytes < 64 * 1024 * 1024 && pids >= 1);
    assert.equal(memoryLimitBytes, 64 * 1024 * 1024);
    const before = first.get(busy)?.cpuNanoseconds ?? 0;
    const rose = async () => ((await engine.measure([busy])).get(busy)?.cpuNanoseconds ?? 0) > before || undefined;
    assert.ok(await poll(rose, { firstMs: 20, mostMs: 100, deadlineMs: 20_000 }));
    await engine.removeContainer(busy);
    assert.deepEqual([...(await engine.measure([idle, busy])).keys()], [idle]);
  });

  withEngine('the names of images on the machine', 6, async (engine) => {
    const names = await engine.imageNames();
    assert.ok(
      names.some((name) => name.endsWith(fixtures.image)),
      names.join(),
    );
  });
}
