import { describeError } from 'minicloud-shared/client/describe-error';
import type { SystemInfo } from 'minicloud-shared/model/system';
import { commands, InputBoxValidationSeverity, l10n, ProgressLocation, window } from 'vscode';
import { sentence } from '../problems.ts';
import { connectApi } from '../servers/api.ts';
import { isUnprotected, parseServerUrl, type Server } from '../servers/server.ts';
import { readAuthority } from '../servers/trusting-fetch.ts';
import type { Services } from '../services.ts';
import { askToken } from './ask-token.ts';
import { giveToken } from './replace-token.ts';

/** Asks for address and token, tries them, and remembers the server when it answers. */
export async function addServer(services: Services): Promise<void> {
  let url = await askUrl(services, 'http://127.0.0.1:9443');
  let token: string | undefined;
  while (url) {
    const known = serverAt(services, url);
    token = await askToken(known?.name ?? url, token);
    if (!token) return;
    const candidate = await tryServer(url, token, known?.ca);
    if (candidate.info) {
      await rememberServer(services, { url, ca: candidate.ca }, token, candidate.info);
      return;
    }
    const change = l10n.t('Change Address…');
    const again = l10n.t('Change Token…');
    const chosen = await window.showErrorMessage(candidate.failure, change, again);
    if (chosen === change) url = await askUrl(services, url);
    else if (chosen !== again) return;
  }
}

/** The server that has this address already: there is never a second. */
export function serverAt({ servers }: Services, url: string): Server | undefined {
  return servers.all().find((server) => server.url === url);
}

async function askUrl(services: Services, value: string): Promise<string | undefined> {
  const complaints = {
    empty: l10n.t('The address of the server, such as https://cloud.example.com:9443'),
    'not-a-url': l10n.t('This is not an address; write https://cloud.example.com:9443'),
    scheme: l10n.t('The address begins with https:// or, on this machine, http://'),
    credentials: l10n.t('Leave out user, password, ? and #; the token is asked for next'),
    path: l10n.t('Leave out the path after the port'),
  };
  const typed = await window.showInputBox({
    title: l10n.t('Add Server (1/2): Address'),
    prompt: l10n.t('Where the server’s API answers'),
    value,
    ignoreFocusOut: true,
    validateInput(text) {
      const parsed = parseServerUrl(text);
      if ('problem' in parsed) return complaints[parsed.problem];
      const known = serverAt(services, parsed.url);
      if (known)
        return {
          message: l10n.t('{0} is at this address already: it gets the token that is asked for next.', known.name),
          severity: InputBoxValidationSeverity.Info,
        };
      return isUnprotected(parsed.url)
        ? {
            message: l10n.t('Without TLS the token travels in the open. Use https://, or a tunnel to 127.0.0.1.'),
            severity: InputBoxValidationSeverity.Warning,
          }
        : undefined;
    },
  });
  const parsed = typed === undefined ? undefined : parseServerUrl(typed);
  return parsed && 'url' in parsed ? parsed.url : undefined;
}

type Tried = { info: SystemInfo; ca?: string | undefined } | { info?: undefined; failure: string };

async function tryServer(url: string, token: string, known?: string): Promise<Tried> {
  const name = new URL(url).host;
  const ask = (ca?: string): Thenable<SystemInfo> =>
    window.withProgress({ location: ProgressLocation.Notification, title: l10n.t('Connecting to {0}', name) }, () =>
      connectApi({ name, url, ...(ca ? { ca } : {}) }, async () => token).system.info.query(),
    );
  try {
    const reached = await reachServer({ url, ca: known }, ask);
    return reached
      ? { info: reached.answer, ca: reached.ca }
      : { failure: l10n.t('{0} was not added: its certificate is not trusted.', name) };
  } catch (error) {
    return { failure: failureOf(error, name) };
  }
}

/**
 * Asks a server; when it signs its own certificate, the person is asked to trust that authority, and it is asked again.
 * Undefined when they don't.
 */
export async function reachServer<Answer>(
  { url, ca }: { url: string; ca?: string | undefined },
  ask: (ca?: string) => PromiseLike<Answer>,
): Promise<{ answer: Answer; ca?: string | undefined } | undefined> {
  try {
    return { answer: await ask(ca), ca };
  } catch (error) {
    if (!isUntrusted(error)) throw error;
    const trusted = await askToTrust(url, new URL(url).host);
    return trusted === undefined ? undefined : { answer: await ask(trusted), ca: trusted };
  }
}

function failureOf(error: unknown, name: string): string {
  const problem = describeError(error, name);
  if (problem.code !== 'unauthorized') return sentence(problem);
  return l10n.t('{0} does not accept this token: it is mistyped, expired or revoked.', name);
}

/** A server may sign its own certificates: the person compares the fingerprint once, and only that authority counts. */
async function askToTrust(url: string, name: string): Promise<string | undefined> {
  const authority = await readAuthority(url);
  const trust = l10n.t('Trust This Authority');
  const detail = l10n.t(
    'Authority: {0}\nSHA-256: {1}\n\nCompare the fingerprint with the one that the server printed when it was set up.',
    authority.subject,
    authority.fingerprint,
  );
  const chosen = await window.showWarningMessage(
    l10n.t('{0} signs its own certificate. Trust it?', name),
    { modal: true, detail },
    trust,
  );
  return chosen === trust ? authority.pem : undefined;
}

const untrustedCodes = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

function isUntrusted(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 6; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string' && untrustedCodes.has(at.code)) return true;
  }
  return false;
}

/**
 * Adds the server under a name that no other has, and shows it. One that is known by its address gets the token, and the
 * authority that is trusted now. Without `info` it has not answered yet, and its row says so.
 */
export async function rememberServer(
  services: Services,
  server: { url: string; ca?: string | undefined },
  token: string,
  info?: SystemInfo,
): Promise<void> {
  const known = serverAt(services, server.url);
  if (known) {
    if (server.ca !== undefined && server.ca !== known.ca) await services.servers.update(known.id, { ca: server.ca });
    await giveToken(services, known, token);
    void window.showInformationMessage(l10n.t('The token of {0} was replaced.', known.name));
    return;
  }
  const taken = new Set(services.servers.all().map(({ name }) => name));
  const host = new URL(server.url).host;
  const name = [info?.serverDomain, host].find((each) => each && !taken.has(each)) ?? `${host} (${taken.size + 1})`;
  const added = await services.servers.add({ name, url: server.url, ...(server.ca ? { ca: server.ca } : {}) }, token);
  await commands.executeCommand('minicloud.servers.focus');
  services.output.info(`added ${name} at ${server.url}, Minicloud ${info?.version ?? 'unknown'}`);
  if (added.token === 'session') {
    void window.showWarningMessage(
      l10n.t(
        '{0} was added for this session only: this machine has no working keyring, so the token could not be kept.',
        name,
      ),
    );
  }
}
