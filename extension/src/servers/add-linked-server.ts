import { describeError } from 'minicloud-shared/client/describe-error';
import { type Disposable, l10n, ProgressLocation, window } from 'vscode';
import { reachServer, rememberServer, serverAt } from '../commands/add-server.ts';
import { sentence } from '../problems.ts';
import type { Services } from '../services.ts';
import { connectApi } from './api.ts';
import { parseServerLink, type ServerLink } from './server-link.ts';

/** Takes links of `minicloud login --code`. Nothing is asked of any address before the person has seen it and said so. */
export function handleLinks(services: Services): Disposable {
  return window.registerUriHandler({
    async handleUri({ path, query }) {
      const link = parseServerLink(path, query);
      if ('problem' in link) {
        void window.showErrorMessage(complaint(link.problem));
        return;
      }
      try {
        await addLinkedServer(services, link);
      } catch (error) {
        services.output.error(describeError(error).why);
        void window.showErrorMessage(sentence(describeError(error, new URL(link.url).host)));
      }
    },
  });
}

/** Asks the person, redeems the code of a link, and adds the server, or gives the one that is there the token. */
export async function addLinkedServer(services: Services, { url, code }: ServerLink): Promise<void> {
  const known = serverAt(services, url);
  const go = known ? l10n.t('Replace Token') : l10n.t('Add Server');
  const question = known
    ? l10n.t('Replace the token of {0}?', known.name)
    : l10n.t('Add the server at {0}?', new URL(url).host);
  const detail = l10n.t(
    'A link asks for it:\n{0}\n\nWhat you deploy will be sent there. Go on only if you made this link yourself with “minicloud login --code”, or know who did.',
    url,
  );
  if ((await window.showWarningMessage(question, { modal: true, detail }, go)) !== go) return;
  const name = new URL(url).host;
  const ca = known?.ca;
  const redeemed = await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Connecting to {0}', name) },
    () => reachServer({ url, ca }, (trusted) => redeem(url, trusted, code)),
  );
  if (!redeemed) return;
  const token = redeemed.answer.value;
  const server = { url, ...(redeemed.ca ? { ca: redeemed.ca } : {}) };
  // The code is used up: what it gave is kept even when the server does not answer just now. Its row then offers Retry.
  const info = known
    ? undefined
    : await connectApi({ name, ...server }, async () => token)
        .system.info.query()
        .catch((error: unknown) => {
          services.output.warn(`${name}: ${describeError(error).why}`);
          return undefined;
        });
  await rememberServer(services, server, token, info);
}

function redeem(url: string, ca: string | undefined, code: string) {
  // A code takes the place of a token here: there is none yet.
  const api = connectApi({ name: new URL(url).host, url, ...(ca ? { ca } : {}) }, async () => '');
  return api.access.redeemCode.mutate({ code });
}

function complaint(problem: 'not-ours' | 'address' | 'unprotected' | 'code'): string {
  const complaints = {
    'not-ours': l10n.t('Minicloud does not know what to do with this link.'),
    address: l10n.t('This link names no address of a server, so nothing was added.'),
    unprotected: l10n.t(
      'This link leads to another machine without TLS: a token would travel in the open. Nothing was added.',
    ),
    code: l10n.t('This link has no valid code. Make a new one with “minicloud login --code”.'),
  };
  return complaints[problem];
}
