/** What a manifest leaves unsaid, shown where it would be said: the defaults as they come out for this app. */
import type { ContainerManifest, Need } from 'minicloud-shared/manifest/model';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import type { Path } from 'minicloud-shared/manifest/path';
import { formatBytes, formatDuration } from 'minicloud-shared/manifest/units';
import type { Known } from './known.ts';

export interface Hint {
  offset: number;
  text: string;
}

/** Hints in the order of the text; none while the manifest has errors, for then nothing comes out of it. */
export function hints(document: ManifestDocument, known: Known = {}): Hint[] {
  const { manifest, context } = document;
  if (manifest?.kind !== 'container') return [];
  const found: Hint[] = [];
  const said = (path: Path): boolean => context.nodeAt(path) !== undefined;
  const at = (path: Path, parts: readonly (string | false | undefined)[]): void => {
    const node = context.nodeAt(path);
    const text = parts.filter((part) => part !== undefined && part !== false && part !== '').join(', ');
    if (node && text !== '') found.push({ offset: endOf(context.source, node.span), text });
  };
  for (const [index, expose] of manifest.expose.entries()) {
    const path = ['expose', index];
    const first = manifest.expose.findIndex(({ proto }) => proto === 'http') === index;
    const domain = known.facts?.serverDomain ? `${manifest.name}.${known.facts.serverDomain}` : undefined;
    at(
      [...path, 'port'],
      [
        !said([...path, 'proto']) && expose.proto,
        !said([...path, 'process']) && `process ${expose.process}`,
        expose.proto === 'http' && first && expose.domains.length === 0 && domain,
      ],
    );
  }
  for (const [index, need] of manifest.needs.entries()) {
    if (context.nodeAt(['needs', index])?.kind === 'scalar') at(['needs', index], [needText(need)]);
  }
  processHints(manifest, said, at);
  for (const [index, job] of manifest.jobs.entries()) {
    at(['jobs', index, 'schedule'], [!said(['jobs', index, 'timezone']) && job.timezone]);
    at(
      ['jobs', index, 'name'],
      [
        !said(['jobs', index, 'timeout']) && `timeout ${formatDuration(job.timeoutMs)}`,
        !said(['jobs', index, 'overlap']) && `overlap: ${job.overlap}`,
      ],
    );
  }
  const { healthcheck } = manifest;
  if (healthcheck) {
    at(
      ['healthcheck', 'path'],
      [
        !said(['healthcheck', 'port']) && `port ${healthcheck.port}`,
        !said(['healthcheck', 'interval']) && `every ${formatDuration(healthcheck.intervalMs)}`,
        !said(['healthcheck', 'grace']) && `grace ${formatDuration(healthcheck.graceMs)}`,
      ],
    );
  }
  if (manifest.release) {
    at(
      ['release', 'command'],
      [!said(['release', 'timeout']) && `timeout ${formatDuration(manifest.release.timeoutMs)}`],
    );
  }
  return found.sort((a, b) => a.offset - b.offset);
}

/** Processes say what they take over from the app. */
function processHints(
  { processes }: ContainerManifest,
  said: (path: Path) => boolean,
  at: (path: Path, parts: readonly (string | false | undefined)[]) => void,
): void {
  for (const { name, count, resources } of processes) {
    const path = ['processes', name];
    const { memory, cpus } = resources;
    at(
      [...path, 'command'],
      [
        !said([...path, 'count']) && `count ${count}`,
        memory !== undefined && !said([...path, 'resources', 'memory']) && `memory ${formatBytes(memory)}`,
        cpus !== undefined && !said([...path, 'resources', 'cpus']) && `cpus ${cpus}`,
      ],
    );
  }
}

function needText(need: Need): string {
  return need.kind === 'storage' ? `at ${need.path}` : `in ${need.env}`;
}

/** Directly behind a value, before blanks and line ends that YAML counts to it. */
function endOf(source: string, [start, end]: readonly [number, number]): number {
  return start + source.slice(start, end).trimEnd().length;
}
