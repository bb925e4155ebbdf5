/** Certificates: a key pair with an expiry, for a name; they live apart from apps and domains. */
import type { ProxyCertificate } from '../adapters/proxy/contract.ts';
import type { Cloud } from '../context.ts';
import { isLocalName } from './authority.ts';
import { allCertificates, findCertificate, saveCertificate } from './store.ts';

/** Renewed when this share of the lifetime is over. */
const renewAfter = 2 / 3;

/** Makes sure that every name that is certified here has a certificate that is not due for renewal. */
export async function ensureCertificates(cloud: Cloud, hosts: string[]): Promise<void> {
  const now = cloud.clock.now();
  for (const host of hosts) {
    if (!isLocalName(host)) continue;
    const known = await findCertificate(cloud.db, host);
    if (known && now < known.not_before + (known.not_after - known.not_before) * renewAfter) continue;
    const issued = await cloud.authority.issue(host, now);
    await saveCertificate(cloud.db, {
      host,
      kind: 'local',
      certificate_pem: issued.certificatePem,
      key_sealed: cloud.sealer.seal(issued.keyPem, place(host)),
      not_before: issued.notBefore,
      not_after: issued.notAfter,
    });
  }
}

/** What the proxy is given. Private keys: never log them. */
export async function proxyCertificates(cloud: Cloud): Promise<ProxyCertificate[]> {
  const rows = await allCertificates(cloud.db);
  return rows.map((row) => ({
    host: row.host,
    certificatePem: row.certificate_pem,
    keyPem: cloud.sealer.open(row.key_sealed, place(row.host)),
  }));
}

function place(host: string): string {
  return `certificates|${host}|key`;
}
