import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { readSaved, savedPath, withoutServer, writeSaved } from '../servers.ts';
import { parseServerUrl } from '../target.ts';

export const logout: Command = {
  name: 'logout',
  summary: 'forget a server and its token',
  positionals: [{ name: 'URL', required: false, complete: 'none' }],
  options: { all: { type: 'boolean', help: 'every server' } },
  details: ['The one in use unless URL says another. The token stays valid on the server until it is revoked there.'],
  json: '{ forgotten: string[] }',
  async run(context) {
    const file = savedPath(context.env, context.home);
    const saved = await readSaved(file, (line) => context.err.print([line]));
    const [word] = context.args.positionals;
    const named = word ?? context.args.text('api-url');
    const wanted = context.args.has('all')
      ? saved.servers.map(({ url }) => url)
      : [named === undefined ? saved.default : parseServerUrl(named)];
    const forgotten = saved.servers.map(({ url }) => url).filter((url) => wanted.includes(url));
    if (forgotten.length > 0) await writeSaved(file, forgotten.reduce(withoutServer, saved));
    if (context.json) context.out.json({ forgotten });
    else if (forgotten.length === 0)
      context.out.print([
        named === undefined ? 'You are not logged in to any server.' : `You are not logged in to ${named}.`,
      ]);
    else
      context.out.print([
        `Forgotten: ${forgotten.join(', ')}. The token is still valid there; \`minicloud tokens:revoke\` ends one.`,
      ]);
    return exitCodes.ok;
  },
};
