/**
 * The local certificate authority: HTTPS from the first minute for names that no public authority can certify.
 *
 * Its root is limited by name constraints (RFC 5280, 4.2.1.10) to names that never leave the machine or the local
 * network, so that a person who trusts it risks nothing for the rest of the web.
 */
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { readFileIfThere, writeFileAtomic } from '../platform/atomic-file.ts';

/** Names under these are certified here; all are reserved for local use (RFC 6761, RFC 8375, ICANN `internal`). */
export const localSuffixes = ['localhost', 'test', 'internal', 'home.arpa'] as const;

export function isLocalName(host: string): boolean {
  return localSuffixes.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
}

export interface IssuedCertificate {
  /** Leaf, then root. */
  certificatePem: string;
  keyPem: string;
  /** Milliseconds since the epoch. */
  notBefore: number;
  notAfter: number;
}

export interface Authority {
  /** The root certificate that browsers and curl are told to trust. */
  rootPem(): Promise<string>;
  /** A P-256 certificate for one name under a local suffix. */
  issue(host: string, now: number): Promise<IssuedCertificate>;
}

const dayMs = 86_400_000;
const rootDays = 3650;
/** Longest life that browsers accept. */
const leafDays = 397;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Reads the authority from its two files, or makes it at the first certificate that is asked for. */
export function createAuthority(paths: { certificate: string; key: string }, now: () => number): Authority {
  let root: Promise<{ certificatePem: string; keyPem: string }> | undefined;
  const load = () => {
    root ??= loadOrMake(paths, now()).catch((error) => {
      root = undefined;
      throw error;
    });
    return root;
  };
  return {
    rootPem: async () => (await load()).certificatePem,
    async issue(host, at) {
      const { certificatePem, keyPem } = await load();
      const x509 = await loadX509();
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const notBefore = new Date(at - dayMs);
      const notAfter = new Date(at + (leafDays - 1) * dayMs);
      const issuer = new x509.X509Certificate(certificatePem);
      const leaf = await x509.X509CertificateGenerator.create({
        serialNumber: serial(),
        subject: `CN=${host.slice(0, 64)}`,
        issuer: issuer.subject,
        notBefore,
        notAfter,
        signingKey: await importKey(keyPem),
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
        certificatePem: `${leaf.toString('pem')}\n${certificatePem.trim()}\n`,
        keyPem: await exportKey(keys.privateKey),
        notBefore: notBefore.getTime(),
        notAfter: notAfter.getTime(),
      };
    },
  };
}

async function loadOrMake(paths: { certificate: string; key: string }, at: number) {
  const [certificatePem, keyPem] = await Promise.all([readFileIfThere(paths.certificate), readFileIfThere(paths.key)]);
  if (certificatePem !== undefined && keyPem !== undefined && matches(certificatePem, keyPem))
    return { certificatePem, keyPem };
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const name = `CN=Minicloud local authority ${serial().slice(0, 8)},O=Minicloud`;
  const root = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: name,
    issuer: name,
    notBefore: new Date(at - dayMs),
    notAfter: new Date(at + rootDays * dayMs),
    signingKey: keys.privateKey,
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.Extension('2.5.29.30', true, nameConstraints([...localSuffixes])),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const made = { certificatePem: `${root.toString('pem')}\n`, keyPem: await exportKey(keys.privateKey) };
  // The key first: a certificate without its key is made anew, a key without its certificate too.
  await writeFileAtomic(paths.key, made.keyPem, 0o600);
  await writeFileAtomic(paths.certificate, made.certificatePem, 0o644);
  return made;
}

/** Loaded when the first certificate is made: it is the heaviest library here and mostly not needed. */
async function loadX509() {
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(globalThis.crypto);
  return x509;
}

function matches(certificatePem: string, keyPem: string): boolean {
  try {
    const certificate = new X509Certificate(certificatePem);
    return certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
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
