/** Certificates: a key pair with an expiry, for a name; they live apart from apps and domains. */
import { X509Certificate } from 'node:crypto';
import type { AppCertificate } from 'minicloud-shared/model/app';
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
      key_sealed: cloud.sealer.seal(issued.keyPem, certificatePlace(host)),
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
    keyPem: cloud.sealer.open(row.key_sealed, certificatePlace(row.host)),
  }));
}

/** What is known of the names' certificates; names without one are left out. Reads no private key. */
export async function certificateFacts(cloud: Cloud, hosts: string[]): Promise<Map<string, AppCertificate>> {
  const facts = new Map<string, AppCertificate>();
  for (const host of hosts) {
    const row = await findCertificate(cloud.db, host);
    if (!row) continue;
    const issuer = /^CN=(.+)$/m.exec(new X509Certificate(row.certificate_pem).issuer)?.[1];
    facts.set(host, {
      kind: row.kind,
      ...(issuer === undefined ? {} : { issuer }),
      notBefore: row.not_before,
      notAfter: row.not_after,
    });
  }
  return facts;
}

export function certificatePlace(host: string): string {
  return `certificates|${host}|key`;
}
