/**
 * The local certificate authority: HTTPS from the first minute for names that no public authority can certify.
 *
 * Its root is limited by name constraints (RFC 5280, 4.2.1.10) to names that never leave the machine or the local
 * network, so that a person who trusts it risks nothing for the rest of the web.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
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
      const { issueLeaf } = await import('./issue.ts');
      return issueLeaf({ certificatePem, keyPem }, host, at);
    },
  };
}

async function loadOrMake(paths: { certificate: string; key: string }, at: number) {
  const [certificatePem, keyPem] = await Promise.all([readFileIfThere(paths.certificate), readFileIfThere(paths.key)]);
  if (certificatePem !== undefined && keyPem !== undefined && matches(certificatePem, keyPem))
    return { certificatePem, keyPem };
  // Loaded when a certificate is made, which is seldom: it brings the heaviest library here.
  const { makeRoot } = await import('./issue.ts');
  const made = await makeRoot([...localSuffixes], at);
  // The key first: a certificate without its key is made anew, a key without its certificate too.
  await writeFileAtomic(paths.key, made.keyPem, 0o600);
  await writeFileAtomic(paths.certificate, made.certificatePem, 0o644);
  return made;
}

function matches(certificatePem: string, keyPem: string): boolean {
  try {
    const certificate = new X509Certificate(certificatePem);
    return certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}
