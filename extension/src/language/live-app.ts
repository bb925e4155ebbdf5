import type { LiveApp } from '../../language-server/server/protocol.ts';
import type { Snapshot } from '../servers/snapshot.ts';

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
  };
}
