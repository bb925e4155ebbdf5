/** The sample that comes with a server: its image is on the machine, and no registry is needed for it. */
import type { ServerFacts } from 'minicloud-shared/manifest/model';

const sampleImage = /^(?:docker\.io\/)?minicloud\/sample:[\w.-]+$/;

/** The manifest of the guestbook; undefined where the server does not have its image. */
export function sampleManifest(facts: Pick<ServerFacts, 'images'> | undefined): string | undefined {
  const image = facts?.images?.find((name) => sampleImage.test(name));
  if (image === undefined) return undefined;
  return `# A guestbook with a database and a volume. Plan it, deploy it, write something into it.
name: guestbook
image: ${image}
expose:
- port: 8000
needs:
- database
- storage
healthcheck: { path: /healthz, port: 8000, interval: 1s, timeout: 2s, retries: 5, grace: 60s }
resources: { memory: 128MB }
`;
}
