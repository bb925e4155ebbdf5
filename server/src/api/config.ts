/** Procedures for config vars, secrets, and the key that they are sealed with. No answer holds a value. */
import {
  type ConfigList,
  type ConfigPreview,
  type ConfigSetResult,
  configKindSchema,
} from 'minicloud-shared/model/config';
import { ProblemError } from 'minicloud-shared/model/problem';
import { z } from 'zod';
import { configList } from '../configs/configs.ts';
import { previewConfig, setConfig } from '../deploy/config.ts';
import { rotateKeys } from '../keys/keys.ts';
import { appInput, idempotencyKey } from './inputs.ts';
import { procedure, router } from './trpc.ts';

/** What a name and a value may be is checked where it can be told in words; this bounds the work. */
const most = 2000;
const edit = {
  set: z
    .array(z.strictObject({ name: z.string().max(200), value: z.string(), kind: configKindSchema }))
    .max(most)
    .default([]),
  unset: z.array(z.string().max(200)).max(most).default([]),
};

export const configRouter = router({
  list: procedure({ scope: 'read', rest: 'GET /apps/{app}/config', app: 'app' })
    .input(appInput)
    .query(({ ctx, input }): Promise<ConfigList> => configList(ctx.cloud, input.app)),
  // No query, as its input would stand in a URL.
  preview: procedure({ scope: 'deploy', rest: 'POST /apps/{app}/config/preview', app: 'app' })
    .input(appInput.extend(edit))
    .mutation(({ ctx, input }): Promise<ConfigPreview> => previewConfig(ctx.cloud, input)),
  set: procedure({ scope: 'deploy', rest: 'POST /apps/{app}/config', app: 'app' })
    .input(
      appInput.extend({
        ...edit,
        create: z.boolean().optional(),
        deploy: z.boolean().optional(),
        expectVersion: z.number().int().min(0).optional(),
        idempotencyKey,
      }),
    )
    .mutation(({ ctx, input: { idempotencyKey: key, ...input } }): Promise<ConfigSetResult> => {
      // What is kept of a request with a key must not let a value be guessed.
      const { sealer } = ctx.cloud;
      const payload = { ...input, set: input.set.map((each) => ({ ...each, value: sealer.fingerprint(each.value) })) };
      return ctx.once({ tokenId: ctx.token.id, path: 'config.set', key, payload, remember: true }, () =>
        setConfig(ctx.cloud, ctx.principal, { ...input, idempotencyKey: key }),
      );
    }),
});

export const keysRouter = router({
  rotate: procedure({ scope: 'admin', rest: 'POST /keys/rotate', app: 'none' })
    .input(z.strictObject({}).optional())
    .mutation(({ ctx }) => {
      if (ctx.principal.apps === undefined) return rotateKeys(ctx.cloud);
      throw new ProblemError({
        code: 'forbidden',
        what: 'This was refused',
        object: 'keys.rotate',
        why: `The token ${ctx.principal.name} is limited to some apps; the key is everybody's.`,
        still: 'Nothing was changed.',
        remedy: 'Use an administrator token for all apps.',
      });
    }),
});
