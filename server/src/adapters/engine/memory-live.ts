/** What somebody is at in the in-memory engine: programs with open ends, connections to ports, measurements. */
import { randomBytes } from 'node:crypto';
import { Duplex, PassThrough } from 'node:stream';
import { abortReason } from '../../platform/wait.ts';
import type { CallOptions, ContainerSpec, Engine, RunningExec, TerminalSize } from './contract.ts';
import type { Behaviour, MemoryContainer, MemoryWorld } from './memory-world.ts';
import { conflict, nothingListens } from './problems.ts';

/** The program's side of an exec that somebody is at. */
export interface MemorySession {
  readonly env: Record<string, string>;
  /** The terminal's size now; undefined without a terminal. */
  size(): TerminalSize | undefined;
  print(text: string | Uint8Array, stream?: 'stdout' | 'stderr'): void;
  exit(code: number): void;
  onInput(listener: (data: Buffer) => void): void;
  onEnd(listener: () => void): void;
  onResize(listener: (size: TerminalSize) => void): void;
}

export type LiveCalls = Pick<Engine, 'startExec' | 'endExec' | 'connect' | 'measure' | 'imageNames'>;

interface Settings {
  enter(call: keyof Engine, object: string, options?: CallOptions): Promise<void>;
  guard(container: string): MemoryContainer;
  find(container: string): MemoryContainer | undefined;
  behaviour(spec: ContainerSpec): Behaviour;
}

const killedExitCode = 137;

export function memoryLive(world: MemoryWorld, { enter, guard, find, behaviour }: Settings): LiveCalls {
  const openIn = (id: string) => [...world.execs.values()].filter(({ container }) => container === id).length;

  return {
    async startExec(name, argv, options = {}) {
      await enter('startExec', name, options);
      const container = guard(name);
      if (container.state !== 'running') throw conflict(`container ${name}`, 'The container is not running.');
      const play = behaviour(container.spec).interactive ?? echoes;
      const program = createProgram(options.terminal, options.env ?? {});
      world.execs.set(program.running.id, {
        container: container.id,
        kill: () => program.session.exit(killedExitCode),
      });
      program.onExit(() => world.execs.delete(program.running.id));
      // A program ends with its container.
      const ended = () => {
        if (container.state === 'running') container.watchers.add(ended);
        else program.session.exit(killedExitCode);
      };
      container.watchers.add(ended);
      play(argv, program.session);
      return program.running;
    },
    async endExec(name, id, options) {
      await enter('endExec', name, options);
      const container = find(name);
      const exec = world.execs.get(id);
      if (exec && exec.container === container?.id) exec.kill();
      return true;
    },
    async connect(name, network, port, options) {
      await enter('connect', `${name}:${port}`, options);
      const container = guard(name);
      const attached = container.endpoints.get(network);
      const serve = container.state === 'running' && attached ? listener(behaviour(container.spec), port) : undefined;
      if (!serve) throw nothingListens(`port ${port} of container ${name}`, 'connection refused');
      const [near, far] = duplexPair();
      options?.signal?.addEventListener('abort', () => near.destroy(abortReason(options.signal)), { once: true });
      serve(far);
      return near;
    },
    async measure(names, options) {
      await enter('measure', 'containers', options);
      const ours = (name: string) => {
        try {
          return find(name) ?? [];
        } catch {
          return [];
        }
      };
      const found = names.flatMap(ours).filter(({ state }) => state === 'running');
      return new Map(
        found.map(({ id, spec }) => {
          const { memoryBytes = 0, cpuNanoseconds = 0 } = behaviour(spec).use?.() ?? {};
          return [id, { memoryBytes, memoryLimitBytes: spec.memoryBytes ?? 0, cpuNanoseconds, pids: 1 + openIn(id) }];
        }),
      );
    },
    async imageNames(options) {
      await enter('imageNames', 'images', options);
      return [...world.tags.keys()].reverse();
    },
  };
}

/** What a healthy server does where nothing else is said: it says again what it is told. */
function listener({ listen }: Behaviour, port: number): ((socket: Duplex) => void) | undefined {
  return listen ? listen(port) : (socket) => void socket.pipe(socket);
}

/** A program that repeats what is typed, until Ctrl-D. */
function echoes(_argv: string[], session: MemorySession): void {
  session.onInput((data) => {
    const end = session.size() ? data.indexOf(4) : -1;
    session.print(end < 0 ? data : data.subarray(0, end));
    if (end >= 0) session.exit(0);
  });
  session.onEnd(() => session.exit(0));
}

function createProgram(terminal: TerminalSize | undefined, env: Record<string, string>) {
  let size = terminal;
  let code: number | undefined;
  const output = new PassThrough({ objectMode: true, highWaterMark: 64 });
  const inputs: ((data: Buffer) => void)[] = [];
  const ends: (() => void)[] = [];
  const resizes: ((size: TerminalSize) => void)[] = [];
  const exits: (() => void)[] = [];
  const session: MemorySession = {
    env,
    size: () => size,
    print: (text, stream = 'stdout') => {
      if (code === undefined) output.write({ stream: size ? 'stdout' : stream, data: Buffer.from(text) });
    },
    exit(value) {
      if (code !== undefined) return;
      code = value;
      output.end();
      for (const listener of exits) listener();
    },
    onInput: (listener) => void inputs.push(listener),
    onEnd: (listener) => void ends.push(listener),
    onResize: (listener) => void resizes.push(listener),
  };
  const running: RunningExec = {
    id: randomBytes(32).toString('hex'),
    output: output as AsyncIterable<{ stream: 'stdout' | 'stderr'; data: Uint8Array }>,
    async write(data) {
      for (const listener of inputs) listener(Buffer.from(data));
      // A program that prints faster than anybody reads is not fed further.
      if (output.writableNeedDrain && code === undefined) await new Promise((resolve) => output.once('drain', resolve));
    },
    endInput: () => {
      for (const listener of ends) listener();
    },
    async resize(now) {
      if (!size) return;
      size = now;
      for (const listener of resizes) listener(now);
    },
    async exitCode(options) {
      if (code === undefined) {
        await new Promise<void>((resolve, reject) => {
          exits.push(resolve);
          options?.signal?.addEventListener('abort', () => reject(abortReason(options.signal)), { once: true });
        });
      }
      return code ?? killedExitCode;
    },
    close: () => output.destroy(),
  };
  return { running, session, onExit: (listener: () => void) => void exits.push(listener) };
}

/** Two ends of one connection, each of which may end while the other goes on. */
function duplexPair(): [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const near = Duplex.from({ readable: back, writable: there });
  const far = Duplex.from({ readable: there, writable: back });
  for (const end of [near, far]) end.on('error', () => {});
  return [near, far];
}
