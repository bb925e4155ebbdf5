/** A container of this machine as its engine describes it, asked over the engine's socket. */
import { request } from 'node:http';
import { ProblemError } from 'minicloud-shared/model/problem';

const limitMs = 10_000;
const mostBytes = 1024 * 1024;
const usualSocket = '/var/run/docker.sock';

/**
 * What `docker inspect NAME IMAGE` prints: the container and its image, so that what the image says itself can be told
 * from what was said of the container. Throws `not_found`, `not_available` or `timeout`.
 */
export async function inspectContainer(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  const socketPath = socketOf(name, env);
  const container = await ask(socketPath, `/containers/${encodeURIComponent(name)}/json`, name);
  const { Image: id } = JSON.parse(container) as { Image?: unknown };
  const image =
    typeof id === 'string' ? await ask(socketPath, `/images/${encodeURIComponent(id)}/json`, id) : undefined;
  return `[${container}${image === undefined ? '' : `,${image}`}]`;
}

function socketOf(name: string, env: NodeJS.ProcessEnv): string {
  const host = env.DOCKER_HOST;
  if (!host) return usualSocket;
  if (host.startsWith('unix://')) return host.slice('unix://'.length);
  throw unavailable(name, 'DOCKER_HOST names an engine that is not reached by a socket of this machine.');
}

/** The answer's text, which is JSON. https://docs.docker.com/reference/api/engine/ */
function ask(socketPath: string, path: string, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, signal: AbortSignal.timeout(limitMs) }, (response) => {
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
        ? 'No engine listens at its socket.'
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
