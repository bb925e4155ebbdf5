/** Images on Docker: pull, look into, name, build, import. */
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { ProblemError } from 'minicloud-shared/model/problem';
import { extract } from 'tar-stream';
import { randomId } from '../../platform/ids.ts';
import { containerLabels, imageReaderLabel } from './baseline.ts';
import {
  type CallOptions,
  type ContainerSpec,
  type Engine,
  type ImageInfo,
  type Platform,
  type PullProgress,
  platformProblem,
  type RegistryCredentials,
} from './contract.ts';
import type { Dialect } from './dialect.ts';
import { createdAnswer, imageAnswer, imageInfo, type ProgressAnswer, progressAnswer } from './docker-answers.ts';
import { cancelled, dockerProblem } from './docker-problems.ts';
import { jsonLines } from './docker-streams.ts';
import type { Call, Transport } from './docker-transport.ts';
import { failureCode, fileTooLarge, guardOurImage, imageMissing } from './problems.ts';
import { isImageId, parseReference } from './reference.ts';

export type ImageCalls = Pick<
  Engine,
  'pullImage' | 'inspectImage' | 'readImageFile' | 'tagImage' | 'removeImage' | 'buildImage' | 'importImage'
>;

/** Lines of a failed build that are kept as evidence. */
const keptLines = 40;

export function imageCalls(
  transport: Transport,
  installation: string,
  platform: Platform,
  dialect: Dialect,
): ImageCalls {
  async function inspectImage(reference: string, options?: CallOptions): Promise<ImageInfo | undefined> {
    if (!isImageId(reference)) parseReference(reference);
    const answer = await transport.find(
      {
        method: 'GET',
        path: `/images/${encodeImage(reference)}/json`,
        verb: 'look at the image',
        object: `image ${reference}`,
      },
      imageAnswer,
      options,
    );
    return answer && imageInfo(answer, reference);
  }

  async function known(reference: string, options?: CallOptions): Promise<ImageInfo> {
    const image = await inspectImage(reference, options);
    if (image) return image;
    throw imageMissing(reference);
  }

  /** Follows a pull, an import or a build to its end; throws the failure that its lines tell. */
  async function follow(call: Call, body: Readable, onLine: (line: ProgressAnswer) => void): Promise<void> {
    for await (const value of jsonLines(body)) {
      const line = progressAnswer.safeParse(value);
      if (!line.success) continue;
      const failure = line.data.errorDetail?.message ?? line.data.error;
      if (failure) throw dockerProblem(new Error(failure), call, call.kind);
      onLine(line.data);
    }
  }

  return {
    inspectImage,

    async pullImage(reference, options = {}) {
      const { repository, tag, digest } = parseReference(reference);
      const call: Call = {
        method: 'POST',
        path: '/images/create',
        query: { fromImage: repository, tag: digest ?? tag ?? 'latest' },
        verb: 'pull the image',
        object: `image ${reference}`,
        kind: 'registry',
        ...(options.credentials && { registryAuth: registryAuth(options.credentials, repository) }),
      };
      await pull(transport, call, options, follow);
      const image = await known(reference, options);
      const wrong = platformProblem(reference, image, platform);
      if (wrong) throw new ProblemError(wrong);
      return image;
    },

    async readImageFile(image, paths, maxBytes, options) {
      const container = await createReader(transport, installation, image, options);
      const read = async (path: string): Promise<Uint8Array | undefined> => {
        let wanted = path;
        // One link is followed, as `/cloud_manifest.yml -> /app/cloud_manifest.yml` is common; a chain is not.
        for (const mayFollow of [true, false]) {
          const found = await readArchiveFile(transport, container, wanted, maxBytes, options);
          if (!found || 'content' in found) return found?.content;
          if (!mayFollow) return undefined;
          wanted = posix.resolve(posix.dirname(posix.resolve('/', wanted)), found.link);
        }
        return undefined;
      };
      try {
        for (const path of paths) {
          const content = await read(path);
          if (content) return content;
        }
        return undefined;
      } finally {
        // Not by the caller's signal: what was made is removed even when nobody waits any more.
        await transport.tell({
          method: 'DELETE',
          path: `/containers/${container}`,
          query: { force: true, v: true },
          verb: 'remove the container',
          object: `image ${image}`,
        });
      }
    },

    async tagImage(image, reference, options) {
      if (!isImageId(image)) parseReference(image);
      const { repository, tag } = parseReference(reference);
      await transport.tell(
        {
          method: 'POST',
          path: `/images/${encodeImage(image)}/tag`,
          query: { repo: repository, tag: tag ?? 'latest' },
          verb: 'name the image',
          object: `image ${image}`,
        },
        options,
      );
    },

    async removeImage(reference, options) {
      guardOurImage(reference);
      await transport.tell(
        {
          method: 'DELETE',
          path: `/images/${encodeImage(reference)}`,
          verb: 'remove the image',
          object: `image ${reference}`,
        },
        options,
      );
    },

    async buildImage(context, tag, options = {}) {
      parseReference(tag);
      const lines: string[] = [];
      const call: Call = {
        method: 'POST',
        path: '/build',
        query: {
          t: tag,
          version: '1',
          networkmode: 'host',
          rm: true,
          forcerm: true,
          nocache: !dialect.buildCache,
          labels: JSON.stringify(options.labels ?? {}),
          buildargs: JSON.stringify(options.buildArgs ?? {}),
        },
        upload: context,
        verb: 'build the image',
        object: `image ${tag}`,
      };
      try {
        await transport.alive(call, options, async (signal) => {
          const body = await transport.stream(call, { signal, timeoutMs: Number.POSITIVE_INFINITY });
          await follow(call, body, ({ stream }) => {
            for (const line of (stream ?? '').split('\n')) {
              if (!line.trim()) continue;
              lines.push(line.trimEnd());
              if (lines.length > keptLines) lines.shift();
              options.onLine?.(line.trimEnd());
            }
          });
        });
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        throw new ProblemError({ ...error.problem, evidence: lines }, { cause: error });
      }
      return await known(tag, options);
    },

    async importImage(rootfs, tag, options) {
      const reference = parseReference(tag);
      const call: Call = {
        method: 'POST',
        path: '/images/create',
        // Podman reads the tag here alone, Docker here too.
        query: { fromSrc: '-', repo: `${reference.repository}:${reference.tag ?? 'latest'}` },
        upload: rootfs,
        verb: 'import the image',
        object: `image ${tag}`,
      };
      await transport.alive(call, options, async (signal) => {
        const body = await transport.stream(call, { signal, timeoutMs: Number.POSITIVE_INFINITY });
        await follow(call, body, () => {});
      });
      return await known(tag, options);
    },
  };
}

function registryAuth({ username, password, identity }: RegistryCredentials, repository: string) {
  const serveraddress = repository.split('/')[0];
  return { ...(identity ? { identitytoken: password } : { username, password }), serveraddress };
}

/** Pulls until done; a pull that makes no progress for a while is ended, however long it has been good. */
async function pull(
  transport: Transport,
  call: Call,
  options: CallOptions & { onProgress?: (progress: PullProgress) => void },
  follow: (call: Call, body: Readable, onLine: (line: ProgressAnswer) => void) => Promise<void>,
): Promise<void> {
  const { pullStallMs } = transport.deadlines;
  const controller = new AbortController();
  const onAbort = () => controller.abort(cancelled(call));
  if (options.signal?.aborted) throw cancelled(call);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => controller.abort(stalled(call, pullStallMs)), pullStallMs);
  const layers = new Map<string, PullProgress>();
  let before = '';
  try {
    const body = await transport.stream(call, { signal: controller.signal, timeoutMs: Number.POSITIVE_INFINITY });
    await follow(call, body, (line) => {
      const now = `${line.id} ${line.status} ${line.progressDetail?.current}`;
      if (now === before) return;
      before = now;
      timer.refresh();
      if (countProgress(layers, line)) options.onProgress?.(total(layers));
    });
  } catch (error) {
    if (!controller.signal.aborted) throw dockerProblem(error, call, 'registry');
    // A registry that stalls and an engine that froze look alike from here; only one of them answers a ping.
    if (!options.signal?.aborted) await transport.tell({ ...call, method: 'GET', path: '/_ping', query: {} });
    throw controller.signal.reason;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

function countProgress(layers: Map<string, PullProgress>, line: ProgressAnswer): boolean {
  if (!line.id) return false;
  const { current, total: expected } = line.progressDetail ?? {};
  const layer = layers.get(line.id);
  if (line.status === 'Downloading' && current !== undefined) {
    layers.set(line.id, { received: current, expected: expected ?? current });
    return true;
  }
  if (layer && (line.status === 'Download complete' || line.status === 'Pull complete')) {
    layers.set(line.id, { received: layer.expected, expected: layer.expected });
    return true;
  }
  return false;
}

function total(layers: Map<string, PullProgress>): PullProgress {
  const sum = { received: 0, expected: 0 };
  for (const layer of layers.values()) {
    sum.received += layer.received;
    sum.expected += layer.expected;
  }
  return sum;
}

async function createReader(
  transport: Transport,
  installation: string,
  image: string,
  options?: CallOptions,
): Promise<string> {
  const object = `image ${image}`;
  const spec: ContainerSpec = {
    name: `minicloud-image-reader-${randomId(10)}`,
    image,
    labels: { [imageReaderLabel]: 'true' },
    env: {},
    network: 'none',
    volumes: [],
    restart: 'no',
  };
  const created = await transport.ask(
    {
      method: 'POST',
      path: '/containers/create',
      query: { name: spec.name },
      body: {
        Image: image,
        Labels: containerLabels(spec, installation),
        // Never run; an image without a command of its own could not be created otherwise.
        Entrypoint: ['/never-started'],
        Cmd: [],
        HostConfig: { NetworkMode: 'none', CapDrop: ['ALL'] },
      },
      verb: 'open the image',
      object,
    },
    createdAnswer,
    options,
  );
  return created.Id;
}

type ArchiveFile = { content: Uint8Array } | { link: string } | undefined;

async function readArchiveFile(
  transport: Transport,
  container: string,
  path: string,
  maxBytes: number,
  options?: CallOptions,
): Promise<ArchiveFile> {
  const call: Call = {
    method: 'GET',
    path: `/containers/${container}/archive`,
    query: { path },
    verb: 'read the file',
    object: `file ${path}`,
  };
  let body: Readable;
  try {
    body = await transport.stream(call, options);
  } catch (error) {
    if (failureCode(error) === 'not_found') return undefined;
    throw error;
  }
  const stop = setTimeout(() => body.destroy(new Error('timeout')), transport.deadlines.unaryMs);
  try {
    return await firstEntry(body, path, maxBytes);
  } catch (error) {
    throw dockerProblem(error, call);
  } finally {
    clearTimeout(stop);
    body.destroy();
  }
}

/** The first entry of a tar is what was asked for; nothing behind it is looked at. */
async function firstEntry(body: Readable, path: string, maxBytes: number): Promise<ArchiveFile> {
  const archive = extract();
  body.on('error', (error) => archive.destroy(error));
  body.pipe(archive);
  for await (const entry of archive) {
    const { type, size = 0, linkname } = entry.header;
    if (type === 'symlink' && linkname) return { link: linkname };
    if (type !== 'file') return undefined;
    if (size > maxBytes) throw fileTooLarge(path, size, maxBytes);
    const chunks: Buffer[] = [];
    let read = 0;
    for await (const chunk of entry as AsyncIterable<Buffer>) {
      read += chunk.length;
      if (read > maxBytes) throw fileTooLarge(path, read, maxBytes);
      chunks.push(chunk);
    }
    return { content: Buffer.concat(chunks) };
  }
  return undefined;
}

/** Slashes are part of an image's name in the path of a call; the characters were checked by `parseReference`. */
function encodeImage(reference: string): string {
  return reference.split('/').map(encodeURIComponent).join('/');
}

function stalled(call: Call, ms: number): ProblemError {
  return new ProblemError({
    code: 'registry_unreachable',
    what: 'The pull stood still and was ended',
    object: call.object,
    why: `Nothing came from the registry for ${ms / 1000} s.`,
    remedy: 'Check the network of this machine and the state of the registry, then try again.',
  });
}
