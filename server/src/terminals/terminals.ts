/**
 * Terminals: a program in a replica, as the replica's own user and within its limits, with a person at it. It ends
 * when the person goes.
 */
import { ProblemError, toProblem } from 'minicloud-shared/model/problem';
import {
  outputByte,
  type TerminalReply,
  type TerminalRequest,
  type TerminalSize,
  terminalRequestSchema,
} from 'minicloud-shared/model/terminal';
import type { ContainerSummary, RunningExec } from '../adapters/engine/contract.ts';
import { type AppRow, findAppById } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { randomId } from '../platform/ids.ts';
import { createLimits, type Limits, type Wire, watchIdle } from '../platform/wire.ts';
import { processLabel, replicaLabel, runningReplicas } from '../processes/processes.ts';
import { findRelease, resolvedOf } from '../releases/releases.ts';
import { shownArgv } from './argv.ts';
import { findShell } from './shells.ts';
import { allTerminals, deleteTerminal, insertTerminal } from './store.ts';

export interface TerminalInput {
  process?: string | undefined;
  replica?: number | undefined;
  argv?: string[] | undefined;
  /** None: input and output are pipes, standard output and error apart. */
  size?: TerminalSize | undefined;
}

/** What was allowed and found, to be run when the client's socket is there. */
export interface TerminalGrant {
  app: Pick<AppRow, 'id' | 'name'>;
  container: string;
  process: string;
  replica: number;
  argv: string[];
  size: TerminalSize | undefined;
}

/** A machine has memory for so many shells. */
const mostOpen = { each: 10, all: 100 };
/** Longest time without a byte either way. */
const idleMs = 30 * 60_000;
const startMs = 20_000;
const endMs = 15_000;
const exitMs = 10_000;

const limits = new WeakMap<Cloud, Limits>();
const limitsOf = (cloud: Cloud): Limits => {
  const known = limits.get(cloud) ?? createLimits(mostOpen);
  limits.set(cloud, known);
  return known;
};

/** Finds the replica and the program. Throws when there is none, or too many are open. */
export async function prepareTerminal(cloud: Cloud, app: AppRow, input: TerminalInput): Promise<TerminalGrant> {
  if (!limitsOf(cloud).hasRoom(app.id)) throw tooMany(app);
  const container = await chooseReplica(cloud, app, input);
  const process = container.labels[processLabel] ?? '';
  const replica = Number(container.labels[replicaLabel] ?? 1);
  return {
    app: { id: app.id, name: app.name },
    container: container.id,
    process,
    replica,
    argv: input.argv ?? [await findShell(cloud, container, `process ${process} of ${app.name}`)],
    size: input.size,
  };
}

/** Runs it until it ends, the client goes, or nothing happens for half an hour. */
export async function runTerminal(cloud: Cloud, by: string, grant: TerminalGrant, wire: Wire): Promise<void> {
  const slots = limitsOf(cloud);
  if (!slots.enter(grant.app.id)) return tell(wire, { type: 'problem', problem: tooMany(grant.app).problem });
  try {
    await attend(cloud, by, grant, wire);
  } catch (error) {
    await tell(wire, { type: 'problem', problem: toProblem(error) });
  } finally {
    slots.leave(grant.app.id);
  }
}

async function attend(cloud: Cloud, by: string, grant: TerminalGrant, wire: Wire): Promise<void> {
  const { size } = grant;
  const exec = await cloud.engine.startExec(grant.container, grant.argv, {
    ...(size ? { terminal: size, env: { TERM: 'xterm-256color' } } : {}),
    signal: AbortSignal.timeout(startMs),
  });
  const id = randomId();
  const row = { id, app_id: grant.app.id, container: grant.container, exec: exec.id, opened_at: cloud.clock.now() };
  const over = new AbortController();
  const idle = watchIdle(idleMs, () => over.abort());
  const signal = AbortSignal.any([wire.signal, over.signal, cloud.stopping]);
  let reason = 'the client went away';
  try {
    await insertTerminal(cloud.db, row);
    await changed(cloud, by, grant, { id, state: 'opened' });
    void typeInto(exec, wire, grant, idle.touch).catch(() => {});
    const ended = await Promise.race([show(exec, wire, size !== undefined, idle.touch), whenAborted(signal)]);
    if (ended === 'ended') {
      const code = await exec.exitCode({ signal: AbortSignal.timeout(exitMs) });
      reason = `exit code ${code}`;
      await tell(wire, { type: 'exit', code });
    } else if (over.signal.aborted) {
      reason = 'nothing was typed or printed for long';
      await tell(wire, { type: 'problem', problem: wasIdle(grant).problem });
    } else if (cloud.stopping.aborted) reason = 'the companion stopped';
  } finally {
    idle.stop();
    if (!(await hungUp(cloud, grant.container, exec))) {
      reason += '; the program could not be ended';
    }
    exec.close();
    await deleteTerminal(cloud.db, id);
    await changed(cloud, by, grant, { id, state: 'closed', reason });
  }
}

/** Programs that a companion left running when it was killed: nobody is at them any more. */
export async function endForgottenTerminals(cloud: Cloud): Promise<void> {
  for (const row of await allTerminals(cloud.db)) {
    const ended = await cloud.engine
      .endExec(row.container, row.exec, { signal: AbortSignal.timeout(endMs) })
      .catch((error) => {
        cloud.log.warn('a forgotten terminal could not be ended', { why: toProblem(error).why });
        return true;
      });
    await deleteTerminal(cloud.db, row.id);
    const app = await findAppById(cloud, row.app_id);
    const reason = ended ? 'the companion was started again' : 'the companion was started again; the program goes on';
    const what = { process: '', replica: 0, argv: [] };
    await cloud.events.append({
      by: 'system',
      ...(app ? { app: app.name } : {}),
      body: { kind: 'terminal.changed', id: row.id, state: 'closed', ...what, reason },
    });
  }
}

async function chooseReplica(cloud: Cloud, app: AppRow, input: TerminalInput): Promise<ContainerSummary> {
  const running = await runningReplicas(cloud, app);
  const release = app.serving === null ? undefined : await findRelease(cloud.db, app.id, app.serving);
  const primary = release && resolvedOf(release).manifest.processes[0]?.name;
  const fits = (container: ContainerSummary) =>
    (input.process === undefined || container.labels[processLabel] === input.process) &&
    (input.replica === undefined || Number(container.labels[replicaLabel]) === input.replica);
  const found = running.filter(fits);
  const chosen = found.find(({ labels }) => labels[processLabel] === primary) ?? found[0];
  if (chosen) return chosen;
  const wanted = [input.process ?? 'any process', ...(input.replica === undefined ? [] : [`replica ${input.replica}`])];
  const names = running.map(({ labels }) => `${labels[processLabel]}.${labels[replicaLabel]}`).sort();
  throw new ProblemError({
    code: 'not_found',
    what: 'There is nothing to open a terminal in',
    object: `${wanted.join(', ')} of ${app.name}`,
    why: names.length > 0 ? `What runs is ${names.join(', ')}.` : 'No container of this app runs.',
    still: 'Nothing was changed.',
    remedy: names.length > 0 ? 'Choose one of these.' : `Look at \`minicloud apps:info ${app.name}\` for why.`,
  });
}

/** The program's output to the client; resolves at its end. */
async function show(exec: RunningExec, wire: Wire, terminal: boolean, touch: () => void): Promise<'ended'> {
  for await (const { stream, data } of exec.output) {
    touch();
    await wire.send(terminal ? data : Buffer.concat([Buffer.of(outputByte[stream]), data]));
  }
  return 'ended';
}

/** The client's input to the program, until the client goes. */
async function typeInto(exec: RunningExec, wire: Wire, grant: TerminalGrant, touch: () => void): Promise<void> {
  for await (const message of wire.messages) {
    touch();
    if ('bytes' in message) {
      await exec.write(message.bytes);
      continue;
    }
    const request = requestOf(message.text);
    if (request?.type === 'end') exec.endInput();
    else if (request?.type === 'resize' && grant.size)
      await exec.resize({ cols: request.cols, rows: request.rows }, { signal: wire.signal }).catch(() => {});
  }
}

/** What is no request is left out: a newer client may know more. */
function requestOf(text: string): TerminalRequest | undefined {
  try {
    return terminalRequestSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function hungUp(cloud: Cloud, container: string, exec: RunningExec): Promise<boolean> {
  try {
    return await cloud.engine.endExec(container, exec.id, { signal: AbortSignal.timeout(endMs) });
  } catch (error) {
    cloud.log.warn('a terminal’s program could not be ended', { why: toProblem(error).why });
    return false;
  }
}

async function changed(
  cloud: Cloud,
  by: string,
  grant: TerminalGrant,
  what: { id: string; state: 'opened' | 'closed'; reason?: string },
): Promise<void> {
  const { process, replica, argv, app } = grant;
  const body = { kind: 'terminal.changed' as const, ...what, process, replica, argv: shownArgv(argv) };
  await cloud.events.append({ by, app: app.name, body });
}

async function tell(wire: Wire, reply: TerminalReply): Promise<void> {
  await wire.tell(reply);
}

function whenAborted(signal: AbortSignal): Promise<'aborted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('aborted');
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}

function tooMany(app: Pick<AppRow, 'name'>): ProblemError {
  return new ProblemError({
    code: 'busy',
    what: 'Too many terminals are open',
    object: `app ${app.name}`,
    why: `At most ${mostOpen.each} of an app and ${mostOpen.all} of the server may be open at once.`,
    still: 'Those that are open go on.',
    remedy: 'Close one, then try again.',
  });
}

function wasIdle(grant: TerminalGrant): ProblemError {
  return new ProblemError({
    code: 'timeout',
    what: 'The terminal was closed',
    object: `${grant.process}.${grant.replica} of ${grant.app.name}`,
    why: `Nothing was typed or printed for ${idleMs / 60_000} minutes.`,
    still: 'The app goes on; the program that ran here was ended.',
    remedy: 'Open another one.',
  });
}
