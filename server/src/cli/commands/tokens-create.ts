import { type Scope, scopes } from 'minicloud-shared/model/access';
import { usage } from '../arguments.ts';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { styled } from '../text.ts';
import { parseDuration } from '../time.ts';

export const tokensCreate: Command = {
  name: 'tokens:create',
  summary: 'make a token; its value is shown once',
  positionals: [{ name: 'NAME', required: true, complete: 'none' }],
  options: {
    scope: {
      type: 'string',
      value: 'SCOPE',
      choices: scopes,
      complete: 'none',
      help: 'what it may do; each holds the ones before it',
    },
    app: { type: 'string', value: 'APP', multiple: true, complete: 'app', help: 'limit it to this app' },
    expires: {
      type: 'string',
      value: 'TIME',
      complete: 'none',
      help: 'when it ends, such as 12h or 90d; never unless said',
    },
  },
  details: [
    'The value goes to standard output and nowhere else: the server keeps only its hash. NAME says what it is for.',
  ],
  json: '{ token: Token, value: string }',
  examples: ['minicloud tokens:create ci --scope deploy --app shop --expires 90d'],
  async run(context) {
    const { args } = context;
    const [name = ''] = args.positionals;
    const scope = args.text('scope') as Scope | undefined;
    if (scope === undefined) throw usage(tokensCreate, '--scope', `Say what it may do: --scope ${scopes.join(', ')}.`);
    const expires = args.text('expires');
    const lasts = expires === undefined ? undefined : parseDuration(expires);
    if (expires !== undefined && lasts === undefined)
      throw usage(tokensCreate, `--expires ${expires}`, 'It is a number with s, m, h or d, such as 90d.');
    const apps = args.list('app');
    const made = await (await context.api()).tokens.create.mutate({
      name,
      scope,
      ...(apps.length > 0 ? { apps } : {}),
      ...(lasts === undefined ? {} : { expiresAt: context.now() + lasts }),
    });
    if (context.json) context.out.json(made);
    else {
      context.err.print([
        `Token ${made.token.name} (${made.token.id}) may ${made.token.scope}. This is the only time that its value is shown:`,
      ]);
      context.out.print([styled('bold', made.value)]);
    }
    return exitCodes.ok;
  },
};
