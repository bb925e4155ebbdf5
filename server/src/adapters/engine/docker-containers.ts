/** Containers on Docker: create, start, stop, watch, look into. */
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import { sleep } from '../../platform/wait.ts';
import { containerOptions, imageReaderLabel, ownLabels } from './baseline.ts';
import {
  type CallOptions,
  type ContainerInfo,
  type ContainerSpec,
  type ContainerSummary,
  type Engine,
  type EngineCapabilities,
  type EngineLogLine,
  type ExecResult,
  installationLabel,
  type Labels,
  specHash,
  specLabel,
} from './contract.ts';
import type { Dialect } from './dialect.ts';
import { withName } from './docker-adopted.ts';
import {
  containerAnswer,
  containerInfo,
  containerListAnswer,
  containerName,
  containerStats,
  containerSummary,
  createdAnswer,
  execAnswer,
  imageAnswer,
  statsAnswer,
  waitAnswer,
} from './docker-answers.ts';
import { checkedName, type Guards } from './docker-networks.ts';
import { dockerProblem, failureMessage } from './docker-problems.ts';
import { demux, logLines } from './docker-streams.ts';
import type { Call, Transport } from './docker-transport.ts';
import { conflict, failureCode, foreign, notFound } from './problems.ts';
import { initFailure, killedExitCode, killedForUnknownReason, startFailure } from './start-failures.ts';

export type ContainerCalls = Pick<
  Engine,
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'removeContainer'
  | 'inspectContainer'
  | 'listContainers'
  | 'waitContainer'
  | 'exec'
  | 'logs'
  | 'stats'
>;
export type ContainerGuard = (name: string, options?: CallOptions) => Promise<z.infer<typeof containerAnswer>>;

/** Most bytes that a program in a container may print to us. */
const mostExecOutput = 16 * 1024 * 1024;
/** An engine tells the exit code a moment after the output ends. */
const execEndTries = 50;
const execEndPauseMs = 100;
const removalTries = 100;
const keptImages = 256;
const lastWordsLines = 5;
const removalPauseMs = 100;

/** Our container of that name or id; `not_found`, or `forbidden` when it is not ours. */
export function containerGuard(transport: Transport, installation: string): ContainerGuard {
  return async (name, options) => {
    const found = await findContainer(transport, installation, name, options);
    if (!found) throw notFound(`container ${name}`);
    return found;
  };
}

export function containerCalls(
  transport: Transport,
  installation: string,
  capabilities: EngineCapabilities,
  dialect: Dialect,
  guard: Guards,
): ContainerCalls {
  const guardContainer = containerGuard(transport, installation);
  const find = (name: string, options?: CallOptions) => findContainer(transport, installation, name, options);

  async function checkUses(spec: ContainerSpec, options?: CallOptions): Promise<void> {
    if (typeof spec.network === 'object') await guard.network(spec.network.name, options);
    for (const { volume } of spec.volumes) await guard.volume(volume, options);
  }

  /** Images never change under their id: each is asked once. */
  const imageLabels = new Map<string, Labels>();
  async function labelsOfImage(id: string, options?: CallOptions): Promise<Labels> {
    const known = imageLabels.get(id);
    if (known) return known;
    const call: Call = { method: 'GET', path: `/images/${id}/json`, verb: 'look at the image', object: `image ${id}` };
    const answer = await transport.find(call, imageAnswer, options);
    const labels = answer?.Config?.Labels ?? {};
    const [oldest] = imageLabels.keys();
    if (imageLabels.size >= keptImages && oldest !== undefined) imageLabels.delete(oldest);
    if (answer) imageLabels.set(id, labels);
    return labels;
  }

  async function* readLog(
    id: string,
    object: string,
    query: Record<string, string | number | boolean>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<EngineLogLine> {
    const call: Call = {
      method: 'GET',
      path: `/containers/${id}/logs`,
      query: { stdout: true, stderr: true, timestamps: true, ...query },
      verb: 'read the log',
      object,
    };
    let body: Readable | undefined;
    try {
      body = await transport.stream(call, { ...(signal && { signal }), begins: query.follow ? 'whenever' : 'soon' });
      yield* logLines(demux(body));
    } catch (error) {
      if (!signal?.aborted) throw dockerProblem(error, call);
    } finally {
      body?.destroy();
    }
  }

  /** The end of its log, where an init says what it could not execute. */
  async function lastWords(id: string, options?: CallOptions): Promise<string[]> {
    const lines: string[] = [];
    const log = readLog(id, `container ${id}`, { follow: false, tail: lastWordsLines }, options?.signal);
    for await (const { text } of log) lines.push(text);
    return lines;
  }

  /** Why it could not start or was ended, where that can be known. */
  async function endOf(said: string | undefined, { id, exitCode, oomKilled }: ContainerInfo, options?: CallOptions) {
    if (said) return startFailure(said);
    if (exitCode === undefined || oomKilled) return undefined;
    if (exitCode === killedExitCode && !dialect.tellsOutOfMemory) return killedForUnknownReason;
    return dialect.initFailures.includes(exitCode) ? initFailure(await lastWords(id, options)) : undefined;
  }

  return {
    async createContainer(spec, options) {
      const object = `container ${spec.name}`;
      // Refused before anything is asked.
      containerOptions(spec, installation, capabilities);
      const sameOne = async () => {
        const found = await find(spec.name, options);
        if (!found) return undefined;
        if (found.Config.Labels[specLabel] === specHash(spec)) return found.Id;
        throw conflict(object, 'A container of that name was made from other settings.');
      };
      await checkUses(spec, options);
      const imageLabels = await labelsOfImage(spec.image, options);
      const call: Call = {
        method: 'POST',
        path: '/containers/create',
        query: { name: spec.name },
        body: containerOptions(spec, installation, capabilities, imageLabels, dialect),
        verb: 'create the container',
        object,
        kind: 'container',
      };
      try {
        return (await transport.ask(call, createdAnswer, options)).Id;
      } catch (error) {
        const existing = failureCode(error) === 'conflict' ? await sameOne() : undefined;
        if (existing) return existing;
        throw error;
      }
    },

    async startContainer(container, options) {
      const { Id, Name } = await guardContainer(container, options);
      const attempt = { verb: 'start the container', object: `container ${containerName(Name)}` };
      await transport.tell({ method: 'POST', path: `/containers/${Id}/start`, ...attempt, kind: 'container' }, options);
    },

    async stopContainer(container, timeoutSeconds, options) {
      const found = await find(container, options);
      if (!found) return;
      await transport.tell(
        {
          method: 'POST',
          path: `/containers/${found.Id}/stop`,
          query: { t: timeoutSeconds },
          verb: 'stop the container',
          object: `container ${container}`,
        },
        { ...options, timeoutMs: timeoutSeconds * 1000 + transport.deadlines.unaryMs },
      );
    },

    async removeContainer(container, options) {
      const found = await find(container, options);
      if (!found) return;
      const call: Call = {
        method: 'DELETE',
        path: `/containers/${found.Id}`,
        // v: only the volumes without a name, which the image asked for and nobody could find again.
        query: { force: true, v: true },
        verb: 'remove the container',
        object: `container ${container}`,
      };
      try {
        await transport.tell(call, options);
      } catch (error) {
        if (!/removal .*already in progress/i.test(failureMessage(error))) throw error;
        for (let tries = 0; (await find(found.Id, options)) !== undefined; tries++) {
          if (tries >= removalTries) throw error;
          await sleep(removalPauseMs, options?.signal);
        }
      }
    },

    async inspectContainer(container, options) {
      const found = await find(container, options);
      if (!found) return undefined;
      const info = containerInfo(found);
      const failure = await endOf(found.State.Error, info, options);
      return { ...info, ...(failure && { error: failure.why, remedy: failure.remedy }) };
    },

    async listContainers(labels, options) {
      const wanted: Labels = { ...labels, [installationLabel]: installation };
      const filters = { label: Object.entries(wanted).map(([key, value]) => `${key}=${value}`) };
      const call: Call = {
        method: 'GET',
        path: '/containers/json',
        query: { all: true, filters: JSON.stringify(filters) },
        verb: 'list the containers',
        object: 'containers',
      };
      const answers = await transport.ask(call, containerListAnswer, options);
      const found: ContainerSummary[] = [];
      for (const answer of answers) {
        const { Id: id, ImageID: image, Labels: labels } = answer;
        const name = containerName(answer.Names?.[0] ?? '');
        found.push(
          containerSummary({ ...answer, Labels: await withName(transport, { id, name, image, labels }, options) }),
        );
      }
      // Once more by us: the engine's filter believes labels that came out of an image.
      return found.filter(
        ({ labels: has }) =>
          !(imageReaderLabel in has) && Object.entries(wanted).every(([key, value]) => has[key] === value),
      );
    },

    async waitContainer(container, options) {
      const { Id } = await guardContainer(container, options);
      const call: Call = {
        method: 'POST',
        path: `/containers/${Id}/wait`,
        query: { condition: 'not-running' },
        verb: 'wait for the container',
        object: `container ${container}`,
      };
      const answer = await transport.alive(call, options, (signal) =>
        transport.ask(call, waitAnswer, { signal, timeoutMs: Number.POSITIVE_INFINITY }),
      );
      return answer.StatusCode;
    },

    async exec(container, argv, options = {}) {
      const { Id } = await guardContainer(container, options);
      return await exec(transport, Id, `container ${container}`, argv, options);
    },

    async *logs(container, { signal, tail, since, follow = false }) {
      // Whoever does not want it any more gets an end, at whatever moment.
      const found = await guardContainer(container, { signal }).catch((error: unknown) => {
        if (!signal?.aborted) throw error;
      });
      if (!found) return;
      const query = {
        follow,
        ...(tail !== undefined && { tail }),
        ...(since !== undefined && { since: (since / 1000).toFixed(3) }),
      };
      yield* readLog(found.Id, `container ${container}`, query, signal);
    },

    async stats(container, options) {
      const { Id } = await guardContainer(container, options);
      const call: Call = {
        method: 'GET',
        path: `/containers/${Id}/stats`,
        query: { stream: false, 'one-shot': true },
        verb: 'measure the container',
        object: `container ${container}`,
      };
      return containerStats(await transport.ask(call, statsAnswer, options));
    },
  };
}

async function findContainer(transport: Transport, installation: string, name: string, options?: CallOptions) {
  const object = `container ${name}`;
  const found = await transport.find(
    { method: 'GET', path: `/containers/${checkedName(name, object)}/json`, verb: 'look at the container', object },
    containerAnswer,
    options,
  );
  if (!found) return undefined;
  const named = { id: found.Id, name: containerName(found.Name), image: found.Image, labels: found.Config.Labels };
  const labels = await withName(transport, named, options);
  if (ownLabels(labels, named.name)[installationLabel] !== installation) throw foreign(object);
  return { ...found, Config: { ...found.Config, Labels: labels } };
}

async function exec(
  transport: Transport,
  id: string,
  object: string,
  argv: string[],
  options: Parameters<Engine['exec']>[2] & object,
): Promise<ExecResult> {
  const withInput = options.stdin !== undefined;
  const attempt = { verb: `run ${argv[0]} in the container`, object };
  const created = await transport.ask(
    {
      method: 'POST',
      path: `/containers/${id}/exec`,
      body: {
        Cmd: argv,
        AttachStdin: withInput,
        AttachStdout: true,
        AttachStderr: true,
        Tty: false,
        Privileged: false,
        ...(options.user !== undefined && { User: options.user }),
        ...(options.env && { Env: Object.entries(options.env).map(([name, value]) => `${name}=${value}`) }),
      },
      ...attempt,
    },
    createdAnswer,
    options,
  );
  return await transport.alive(attempt, options, async (signal) => {
    const start: Call = {
      method: 'POST',
      path: `/exec/${created.Id}/start`,
      body: { Detach: false, Tty: false },
      ...attempt,
    };
    const connection = await open(transport, start, options.stdin, signal);
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let size = 0;
    try {
      for await (const { stream, data } of demux(connection)) {
        size += data.length;
        if (size > mostExecOutput) throw new Error(`It printed more than ${mostExecOutput} bytes.`);
        output[stream].push(data);
      }
    } finally {
      connection.destroy();
    }
    return {
      exitCode: await execEnd(transport, created.Id, attempt, signal),
      stdout: Buffer.concat(output.stdout).toString('utf8'),
      stderr: Buffer.concat(output.stderr).toString('utf8'),
    };
  });
}

/** The program's output; its input is sent and ended on the way. */
async function open(
  transport: Transport,
  start: Call,
  stdin: string | undefined,
  signal: AbortSignal,
): Promise<Readable> {
  if (stdin === undefined) return await transport.stream(start, { signal });
  const connection = await transport.hijack(start, { signal });
  connection.end(stdin);
  return connection;
}

/** Exit code of a program whose output has ended. */
export async function execEnd(
  transport: Transport,
  id: string,
  attempt: { verb: string; object: string },
  signal: AbortSignal,
): Promise<number> {
  for (let tries = 0; tries < execEndTries; tries++) {
    const { Running, ExitCode } = await transport.ask(
      { method: 'GET', path: `/exec/${id}/json`, ...attempt },
      execAnswer,
      { signal },
    );
    if (!Running && ExitCode !== null && ExitCode !== undefined) return ExitCode;
    await sleep(execEndPauseMs, signal);
  }
  throw dockerProblem(new Error('Its output ended and it did not.'), attempt);
}
