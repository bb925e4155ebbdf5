/** The certificate for names that nobody has: self-signed, for nothing, made once per installation. */
import { webcrypto } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';

const lifetimeMs = 20 * 365 * 24 * 3_600_000;

/** A fresh P-256 key and a certificate for `minicloud.invalid`, as PEM. `now` in milliseconds since the epoch. */
export async function makeThrowaway(now: number): Promise<{ certificatePem: string; keyPem: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=minicloud.invalid',
    notBefore: new Date(now - 24 * 3_600_000),
    notAfter: new Date(now + lifetimeMs),
    signingAlgorithm: algorithm,
    keys,
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const lines = key.match(/.{1,64}/g) ?? [];
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    keyPem: `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`,
  };
}
