/** Making certificates. Apart from the authority, because its library is large: import this when one is made, not before. */
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { IssuedCertificate } from './authority.ts';

const dayMs = 86_400_000;
const rootDays = 3650;
/** Longest life that browsers accept. */
const leafDays = 397;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface KeyPair {
  certificatePem: string;
  keyPem: string;
}

x509.cryptoProvider.set(globalThis.crypto);

/** A P-256 certificate for one name, signed by the root. `now` in milliseconds since the epoch. */
export async function issueLeaf(root: KeyPair, host: string, now: number): Promise<IssuedCertificate> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const notBefore = new Date(now - dayMs);
  const notAfter = new Date(now + (leafDays - 1) * dayMs);
  const issuer = new x509.X509Certificate(root.certificatePem);
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${host.slice(0, 64)}`,
    issuer: issuer.subject,
    notBefore,
    notAfter,
    signingKey: await importKey(root.keyPem),
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1']),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificatePem: `${leaf.toString('pem')}\n${root.certificatePem.trim()}\n`,
    keyPem: await exportKey(keys.privateKey),
    notBefore: notBefore.getTime(),
    notAfter: notAfter.getTime(),
  };
}

/** A root that can certify names under `suffixes` only. */
export async function makeRoot(suffixes: string[], now: number): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const name = `CN=Minicloud local authority ${serial().slice(0, 8)},O=Minicloud`;
  const root = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: name,
    issuer: name,
    notBefore: new Date(now - dayMs),
    notAfter: new Date(now + rootDays * dayMs),
    signingKey: keys.privateKey,
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.Extension('2.5.29.30', true, nameConstraints(suffixes)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: `${root.toString('pem')}\n`, keyPem: await exportKey(keys.privateKey) };
}

/** 127 random bits, positive, as hex. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function importKey(pem: string) {
  return webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' }),
    algorithm,
    false,
    ['sign'],
  );
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  }) as string;
}

/** DER of NameConstraints with permitted dNSName subtrees; every length here is under 128. */
function nameConstraints(names: string[]): ArrayBuffer {
  const der = (tag: number, body: Buffer) => Buffer.concat([Buffer.from([tag, body.length]), body]);
  const subtrees = names.map((name) => der(0x30, der(0x82, Buffer.from(name, 'ascii'))));
  const bytes = der(0x30, der(0xa0, Buffer.concat(subtrees)));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}
