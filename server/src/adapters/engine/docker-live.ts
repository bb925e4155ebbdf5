/** What somebody is at on Docker: programs with open ends, and connections to ports. */
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { sleep } from '../../platform/wait.ts';
import type { Engine, EngineCapabilities, RunningExec } from './contract.ts';
import { containerInfo, createdAnswer } from './docker-answers.ts';
import { type ContainerGuard, execEnd } from './docker-containers.ts';
import { demux, type Frame } from './docker-streams.ts';
import type { Call, Transport } from './docker-transport.ts';
import { hangUp } from './host-processes.ts';
import { failureCode, nothingListens } from './problems.ts';

export type LiveCalls = Pick<Engine, 'startExec' | 'endExec' | 'connect' | 'imageNames'>;

const runningAnswer = z.object({ Running: z.boolean(), Pid: z.number().nullish(), ContainerID: z.string() });
const imageListAnswer = z.array(z.object({ RepoTags: z.array(z.string()).nullish(), Created: z.number() }));
const connectMs = 5_000;
/** An engine takes no size until the program has begun. */
const resizeTries = 20;
const resizePauseMs = 50;

export function liveCalls(transport: Transport, capabilities: EngineCapabilities, guard: ContainerGuard): LiveCalls {
  return {
    async startExec(container, argv, options = {}) {
      const { Id } = await guard(container, options);
      const attempt = { verb: `run ${argv[0]} in the container`, object: `container ${container}` };
      const { terminal, env = {} } = options;
      const created = await transport.ask(
        {
          method: 'POST',
          path: `/containers/${Id}/exec`,
          body: {
            Cmd: argv,
            AttachStdin: true,
            AttachStdout: true,
            AttachStderr: true,
            Tty: terminal !== undefined,
            Privileged: false,
            Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
            ...(terminal && { ConsoleSize: [terminal.rows, terminal.cols] }),
          },
          ...attempt,
        },
        createdAnswer,
        options,
      );
      const start: Call = {
        method: 'POST',
        path: `/exec/${created.Id}/start`,
        body: { Detach: false, Tty: terminal !== undefined },
        ...attempt,
      };
      const connection = await transport.hijack(start, options);
      const running = runningExec(transport, created.Id, connection, attempt, terminal !== undefined);
      // Engines before API 1.42 learn the first size like every other.
      if (terminal) await running.resize(terminal, options).catch(() => {});
      return running;
    },

    async endExec(container, id, options) {
      const found = await guard(container, options).catch((error: unknown) => {
        if (failureCode(error) === 'not_found') return undefined;
        throw error;
      });
      if (!found) return true;
      const look = async () => {
        const exec = await transport.find(
          { method: 'GET', path: `/exec/${id}/json`, verb: 'look at the program', object: `container ${container}` },
          runningAnswer,
          options,
        );
        return exec?.Running && exec.ContainerID === found.Id ? exec : undefined;
      };
      const exec = await look();
      if (!exec) return true;
      return await hangUp({ pid: exec.Pid ?? 0, container: found.Id, ended: async () => (await look()) === undefined });
    },

    async connect(container, network, port, options) {
      const address = containerInfo(await guard(container, options)).addresses[network];
      const object = `port ${port} of container ${container}`;
      if (!capabilities.reachableAddresses)
        throw nothingListens(object, "the engine's containers have no addresses that this machine can reach");
      if (address === undefined) throw nothingListens(object, 'it does not run, or is not in this network');
      return await open(address, port, object, options?.signal);
    },

    async imageNames(options) {
      const call: Call = { method: 'GET', path: '/images/json', verb: 'list the images', object: 'images' };
      const found = await transport.ask(call, imageListAnswer, options);
      return found
        .sort((a, b) => b.Created - a.Created)
        .flatMap(({ RepoTags }) => RepoTags ?? [])
        .filter((name) => !name.includes('<none>'));
    },
  };
}

function runningExec(
  transport: Transport,
  id: string,
  connection: Duplex,
  attempt: { verb: string; object: string },
  terminal: boolean,
): RunningExec {
  return {
    id,
    output: terminal ? screen(connection) : demux(connection),
    // Taken or not: whoever writes to a program that has ended learns it from its end.
    write: (data) => new Promise((resolve) => connection.write(data, () => resolve())),
    endInput: () => void connection.end(),
    async resize(size, options) {
      const call: Call = {
        ...{ method: 'POST', path: `/exec/${id}/resize`, query: { h: size.rows, w: size.cols } },
        ...{ verb: 'resize the terminal', object: attempt.object },
      };
      for (let tries = 1; ; tries += 1) {
        try {
          await transport.tell(call, options);
          return;
        } catch (error) {
          if (connection.destroyed || connection.readableEnded || tries === resizeTries) throw error;
          await sleep(resizePauseMs, options?.signal);
        }
      }
    },
    exitCode: (options) => transport.alive(attempt, options, (signal) => execEnd(transport, id, attempt, signal)),
    close: () => void connection.destroy(),
  };
}

async function* screen(connection: Duplex): AsyncGenerator<Frame> {
  for await (const data of connection as AsyncIterable<Buffer>) yield { stream: 'stdout', data };
}

function open(host: string, port: number, object: string, signal: AbortSignal | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port, allowHalfOpen: true, noDelay: true });
    const fail = (why: string) => {
      socket.destroy();
      reject(nothingListens(object, why));
    };
    const timer = setTimeout(() => fail(`nothing answered within ${connectMs / 1000} s`), connectMs);
    const onAbort = () => fail('the client went away');
    const settled = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      settled();
      fail(error.code === 'ECONNREFUSED' ? 'connection refused: nothing listens there' : error.message);
    });
    socket.once('connect', () => {
      settled();
      // Later errors are told by the stream's end; without a listener they would end the process.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
