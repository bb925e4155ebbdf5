/** A container of this machine as its engine describes it, asked over the engine's socket. */
import { request } from 'node:http';
import { engineSockets } from 'minicloud-shared/model/engine-sockets';
import { ProblemError } from 'minicloud-shared/model/problem';

const limitMs = 10_000;
const mostBytes = 1024 * 1024;
const noEngine = 'No engine listens at its socket.';

/**
 * What `docker inspect NAME IMAGE` prints: the container and its image, so that what the image says itself can be told
 * from what was said of the container. An image that is gone is left out. Throws `not_found`, `not_available` or
 * `timeout`.
 */
export async function inspectContainer(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { container, socketPath } = await findContainer(name, env);
  const { Image: id } = JSON.parse(container) as { Image?: unknown };
  const image = typeof id === 'string' ? await inspectImage(socketPath, id) : undefined;
  return `[${container}${image === undefined ? '' : `,${image}`}]`;
}

/** The container as the first engine that has one of this name describes it. */
async function findContainer(name: string, env: NodeJS.ProcessEnv): Promise<{ container: string; socketPath: string }> {
  const sockets = engineSockets(env);
  if (!sockets) throw unavailable(name, 'DOCKER_HOST names an engine that is not reached by a socket of this machine.');
  const failures: ProblemError[] = [];
  for (const socketPath of sockets) {
    try {
      return { container: await ask(socketPath, `/containers/${encodeURIComponent(name)}/json`, name), socketPath };
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      failures.push(error);
    }
  }
  // What an engine said tells more than that there is none at another place.
  const told =
    failures.find(({ problem }) => problem.code === 'not_found') ??
    failures.find(({ problem }) => problem.why !== noEngine) ??
    failures[0];
  throw told ?? unavailable(name, noEngine);
}

/** Undefined when it is gone: a container runs on after its image was taken away by force. */
async function inspectImage(socketPath: string, id: string): Promise<string | undefined> {
  try {
    return await ask(socketPath, `/images/${encodeURIComponent(id)}/json`, id);
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'not_found') return undefined;
    throw error;
  }
}

/** The answer's text, which is JSON. https://docs.docker.com/reference/api/engine/ */
function ask(socketPath: string, url: string, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: url, signal: AbortSignal.timeout(limitMs) }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > mostBytes) asked.destroy(unavailable(name, 'Its answer is too long.'));
        else chunks.push(chunk);
      });
      response.on('error', (error) => reject(failure(error, name)));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else if (response.statusCode === 404) reject(notFound(name));
        else reject(unavailable(name, `It answered with ${response.statusCode}.`));
      });
    });
    asked.on('error', (error) => reject(failure(error, name)));
    asked.end();
  });
}

function failure(error: Error, name: string): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return unavailable(name, `It did not answer in ${limitMs / 1000} s.`);
  const { code } = error as NodeJS.ErrnoException;
  const why =
    code === 'EACCES'
      ? 'You may not use its socket.'
      : code === 'ENOENT' || code === 'ECONNREFUSED'
        ? noEngine
        : error.message;
  return unavailable(name, why);
}

function notFound(name: string): ProblemError {
  return new ProblemError({
    code: 'not_found',
    what: 'There is no such container',
    object: `container ${name}`,
    why: 'The engine of this machine has none of this name.',
    still: 'Nothing was changed.',
    remedy: 'See `docker ps -a` for the names.',
  });
}

function unavailable(name: string, why: string): ProblemError {
  return new ProblemError({
    code: 'not_available',
    what: 'The engine of this machine can not be asked',
    object: `container ${name}`,
    why,
    still: 'Nothing was changed.',
    remedy: 'Run `docker inspect NAME` where the container is, and give what it prints to `minicloud import -`.',
  });
}
