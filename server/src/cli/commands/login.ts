import { scopes } from 'minicloud-shared/model/access';
import { connect } from '../api.ts';
import type { Command, Context } from '../command.ts';
import { exitCodes, UsageProblem } from '../exit-codes.ts';
import { readSaved, savedPath, withServer, writeSaved } from '../servers.ts';
import { isLoopback, parseServerUrl } from '../target.ts';
import { styled } from '../text.ts';

const tokenMaxBytes = 4096;

export const login: Command = {
  name: 'login',
  summary: 'save a server and a token for it',
  positionals: [{ name: 'URL', required: true, complete: 'none' }],
  options: {},
  details: [
    'Asks for the token without showing it; without a terminal it is MINICLOUD_TOKEN or what standard input holds. The server is asked before anything is saved, and is the one that is used from then on.',
    'It is kept in ~/.config/minicloud/config.json, which only you can read. A server with a certificate of its own authority is trusted when NODE_EXTRA_CA_CERTS names that root certificate.',
    `A token may ${scopes.join(', ')}; an administrator makes one with tokens:create.`,
  ],
  json: '{ url: string, version: string, default: true }',
  examples: ['minicloud login https://cloud.example.com', 'minicloud login 127.0.0.1:9443 < token.txt'],
  async run(context) {
    const url = parseServerUrl(context.args.positionals[0] ?? '');
    const { protocol, hostname } = new URL(url);
    if (protocol === 'http:' && !isLoopback(hostname)) {
      context.err.print([
        styled('yellow', 'warning  '),
        `${url} is not encrypted: whoever is on the way can read the token. Use https or an SSH tunnel.`,
      ]);
    }
    const token = await readToken(context, url);
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

async function readToken(context: Context, url: string): Promise<string> {
  const { env } = context;
  const given =
    env.MINICLOUD_TOKEN ||
    (context.interactive ? await context.askSecret(`Token for ${url}: `) : await context.readInput(tokenMaxBytes));
  const token = given.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageProblem({
    object: 'token',
    why: token === '' ? 'None was given.' : 'It holds spaces or characters that no token has.',
    remedy: 'Type or paste it when asked, send it on standard input, or set MINICLOUD_TOKEN.',
  });
}
