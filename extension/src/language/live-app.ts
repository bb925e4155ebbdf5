import type { Replica } from 'minicloud-shared/model/app';
import type { LiveApp, LiveProcess } from '../../language-server/server/protocol.ts';
import type { Snapshot } from '../servers/snapshot.ts';
import { cpu, memory } from '../tree/measures.ts';
import { healthy, type ShownProcess, shownProcesses } from '../tree/shown-processes.ts';

/** An app as its server told of it, for the hovers of its manifest; undefined for one that is not there. Asks nothing. */
export function liveApp(server: string, { apps, details }: Snapshot, name: string): LiveApp | undefined {
  const app = apps?.find((each) => each.name === name);
  if (!app) return undefined;
  const { state, release, image, urls } = app;
  const detail = details.get(name);
  const certificates = detail?.routes.flatMap(({ host, certificate: { kind, issuer, notAfter } }) =>
    kind === 'none'
      ? []
      : [{ domain: host, state: kind, ...(issuer ? { issuer } : {}), ...(notAfter ? { notAfter } : {}) }],
  );
  return {
    ...{ server, state, urls: urls.map(({ url }) => url) },
    ...(release === undefined ? {} : { release }),
    ...(image === undefined ? {} : { image }),
    ...(detail?.digest === undefined ? {} : { digest: detail.digest }),
    ...(certificates ? { certificates } : {}),
    ...(detail && release !== undefined ? { processes: shownProcesses(detail).map(liveProcess) } : {}),
  };
}

function liveProcess({ name, kind, count, replicas }: ShownProcess): LiveProcess {
  const bytes = usage(replicas, (replica) => replica.memoryBytes, memory);
  const cores = usage(replicas, (replica) => replica.cpu, cpu);
  return {
    ...{ name, kind, count, healthy: healthy(replicas) },
    ...(bytes ? { memory: bytes } : {}),
    ...(cores ? { cpu: cores } : {}),
  };
}

/** In words: the next measure that comes to the same words is not told again. */
function usage(
  replicas: readonly Replica[],
  measured: (replica: Replica) => number | undefined,
  words: (value: number) => string,
): LiveProcess['memory'] {
  const values = replicas.map(measured).filter((value) => value !== undefined);
  if (values.length === 0) return undefined;
  const all = values.reduce((sum, value) => sum + value, 0);
  return { replicas: values.length, all: words(all), most: words(Math.max(...values)) };
}
