import { addServerLink, codePattern, type Scope, scopes } from 'minicloud-shared/model/access';
import { connect } from '../api.ts';
import { usage } from '../arguments.ts';
import type { Command, Context } from '../command.ts';
import { type ExitCode, exitCodes, UsageProblem } from '../exit-codes.ts';
import { readSaved, savedPath, withServer, writeSaved } from '../servers.ts';
import { isLoopback, parseServerUrl } from '../target.ts';
import { styled } from '../text.ts';

const tokenMaxBytes = 4096;
/** Of the token that a link gives, unless another was given. */
const editorName = 'VS Code';

export const login: Command = {
  name: 'login',
  summary: 'save a server and a token for it',
  positionals: [{ name: 'URL', required: false, complete: 'none' }],
  options: {
    code: { type: 'boolean', help: 'print a link that adds the server to VS Code; it works once, for five minutes' },
    scope: {
      type: 'string',
      value: 'SCOPE',
      choices: scopes,
      complete: 'none',
      help: 'with --code: what the editor may do; as much as you unless said',
    },
    name: { type: 'string', value: 'NAME', complete: 'none', help: `with --code: name of its token (${editorName})` },
  },
  details: [
    'Asks for the token without showing it; without a terminal it is MINICLOUD_TOKEN or what standard input holds. A one-time code in its place, such as a server without an administrator prints when it starts, is redeemed for a token. The server is asked before anything is saved, and is the one that is used from then on.',
    'It is kept in ~/.config/minicloud/config.json, which only you can read. A server with a certificate of its own authority is trusted when NODE_EXTRA_CA_CERTS names that root certificate.',
    'With --code nothing is saved here: the server that you are logged in to, or URL, makes a one-time code, and the link holds it and no token. Whoever opens the link first gets a token of that scope. Unless you are an administrator it ends with yours.',
    `A token may ${scopes.join(', ')}; an administrator makes one with tokens:create.`,
  ],
  json: '{ url: string, version: string, default: true }; with --code: { link: string, url: string, name: string, scope: Scope, expiresAt: number }',
  examples: [
    'minicloud login https://cloud.example.com',
    'minicloud login 127.0.0.1:9443 < token.txt',
    'minicloud login --code --scope deploy',
  ],
  async run(context) {
    const { args } = context;
    const [word] = args.positionals;
    if (args.has('code')) return printLink(context, word);
    const extra = ['scope', 'name'].find((option) => args.text(option) !== undefined);
    if (extra !== undefined) throw usage(login, `--${extra}`, 'It is for --code.');
    if (word === undefined) throw usage(login, 'URL', 'Say which server, or --code for a link to the one you use.');
    const url = parseServerUrl(word);
    const { protocol, hostname } = new URL(url);
    if (protocol === 'http:' && !isLoopback(hostname)) {
      context.err.print([
        styled('yellow', 'warning  '),
        `${url} is not encrypted: whoever is on the way can read the token. Use https or an SSH tunnel.`,
      ]);
    }
    const token = await redeemed(url, await readToken(context, url));
    const api = await connect({ url, token, from: 'login' });
    const info = await api.system.info.query();
    const file = savedPath(context.env, context.home);
    const saved = await readSaved(file, (line) => context.err.print([line]));
    await writeSaved(file, withServer(saved, { url, token, addedAt: context.now() }));
    if (context.json) context.out.json({ url, version: info.version, default: true });
    else
      context.out.print([styled('green', 'Logged in'), ` to ${url} (Minicloud ${info.version}, ${info.engine.kind}).`]);
    return exitCodes.ok;
  },
};

async function printLink(context: Context, word: string | undefined): Promise<ExitCode> {
  const { args, out, err } = context;
  const target = await context.target();
  if (word !== undefined && parseServerUrl(word) !== target.url)
    throw usage(login, word, `You are logged in to ${target.url}; name another server with --api-url.`);
  const scope = args.text('scope') as Scope | undefined;
  const made = await (await context.api()).access.createCode.mutate({
    name: args.text('name') ?? editorName,
    ...(scope === undefined ? {} : { scope }),
  });
  const link = addServerLink(target.url, made.code);
  const { name, expiresAt } = made;
  if (context.json) {
    out.json({ link, url: target.url, name, scope: made.scope, expiresAt });
    return exitCodes.ok;
  }
  err.print(
    [`Open this link where VS Code runs. It adds ${target.url}, where the token ${name} may ${made.scope}.`],
    [
      `It works once, until ${new Date(expiresAt).toISOString().slice(11, 19)} UTC; until then it is as good as the token.`,
    ],
  );
  out.print([styled('bold', link)]);
  return exitCodes.ok;
}

/** A one-time code in place of a token is redeemed for one. Nothing else is sent with it. */
async function redeemed(url: string, given: string): Promise<string> {
  if (!codePattern.test(given)) return given;
  const api = await connect({ url, token: '', from: 'login' });
  return (await api.access.redeemCode.mutate({ code: given })).value;
}

async function readToken(context: Context, url: string): Promise<string> {
  const { env } = context;
  const given =
    env.MINICLOUD_TOKEN ||
    (context.interactive
      ? await context.askSecret(`Token or one-time code for ${url}: `)
      : await context.readInput(tokenMaxBytes));
  const token = given.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageProblem({
    object: 'token',
    why: token === '' ? 'None was given.' : 'It holds spaces or characters that no token has.',
    remedy: 'Type or paste it when asked, send it on standard input, or set MINICLOUD_TOKEN.',
  });
}
