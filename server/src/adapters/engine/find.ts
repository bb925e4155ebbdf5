/** Which engine of this machine is meant: the one of that kind, or the first, that answers at a socket where engines listen. */
import { request } from 'node:http';
import { engineSockets } from 'minicloud-shared/model/engine-sockets';
import { ProblemError } from 'minicloud-shared/model/problem';

export type EngineKind = 'docker' | 'podman';

export interface FoundEngine {
  kind: EngineKind;
  socketPath: string;
}

type Environment = Readonly<Record<string, string | undefined>>;
/** What is behind a socket: an engine, or why none is. */
type Asked = { kind: EngineKind } | { why: string };

const titles: Record<EngineKind, string> = { docker: 'Docker', podman: 'Podman' };
const starts: Record<EngineKind, string> = {
  docker: 'systemctl start docker',
  podman: 'systemctl start podman.socket',
};
const answerWithinMs = 3_000;

/** The first engine that answers: that of DOCKER_HOST alone, else Docker, Podman, Podman of the user. */
export async function findEngine(env: Environment, kind?: EngineKind): Promise<FoundEngine | undefined> {
  return (await search(env, kind)).found;
}

/**
 * The same; throws `engine_unreachable`, which names every socket that was tried, when there is none. `remembered`: nobody
 * said the kind, it is the one that the installation had.
 */
export async function demandEngine(env: Environment, kind?: EngineKind, remembered = false): Promise<FoundEngine> {
  const { found, tried } = await search(env, kind);
  if (found) return found;
  const wanted = kind === undefined ? Object.values(starts).join(', or ') : starts[kind];
  throw new ProblemError({
    code: 'engine_unreachable',
    what: kind === undefined ? 'No container engine could be reached' : `${titles[kind]} could not be reached`,
    object: 'engine',
    why: tried.join('; ') || `DOCKER_HOST is ${env.DOCKER_HOST}: not a socket of this machine, unix://PATH.`,
    still: 'Nothing was started or changed.',
    remedy: `${
      env.DOCKER_HOST
        ? 'Start that engine, or unset DOCKER_HOST.'
        : `Start it (${wanted}), or give its socket with --engine-socket.`
    }${remembered && kind !== undefined ? moving(kind) : ''}`,
  });
}

/** The way out where the engine that everything was on is no longer wanted. */
function moving(from: EngineKind): string {
  const to = from === 'docker' ? 'podman' : 'docker';
  return ` This installation ran on ${titles[from]}: --engine ${to} moves it to ${titles[to]}, where volumes and databases begin empty.`;
}

async function search(env: Environment, kind?: EngineKind): Promise<{ found?: FoundEngine; tried: string[] }> {
  const tried: string[] = [];
  for (const socketPath of engineSockets(env) ?? []) {
    const asked = await askKind(socketPath);
    if ('why' in asked) tried.push(`${socketPath}: ${asked.why}`);
    else if (kind === undefined || asked.kind === kind) return { found: { kind: asked.kind, socketPath }, tried };
    else tried.push(`${socketPath}: it is ${titles[asked.kind]}`);
  }
  return { tried };
}

const reasons: Record<string, string> = {
  ENOENT: 'it does not exist',
  ECONNREFUSED: 'nothing listens there',
  EACCES: 'it may not be opened by this user',
  EPERM: 'it may not be opened by this user',
};

/** Asks what is behind a socket. */
export function askKind(socketPath: string): Promise<Asked> {
  return new Promise((resolve) => {
    // Its version would tell more, and takes Podman seconds on a busy machine.
    const call = request({ socketPath, path: '/_ping', timeout: answerWithinMs }, (answer) => {
      answer.resume();
      if (answer.statusCode !== 200) return resolve({ why: `it answers ${answer.statusCode}` });
      resolve({ kind: 'libpod-api-version' in answer.headers ? 'podman' : 'docker' });
    });
    call.on('timeout', () => call.destroy());
    call.on('close', () => resolve({ why: `it does not answer within ${answerWithinMs / 1000} s` }));
    call.on('error', ({ code, message }: NodeJS.ErrnoException) => resolve({ why: reasons[code ?? ''] ?? message }));
    call.end();
  });
}
