/** Events: one log that is audit, live stream and tree refresh in one. */
import * as z from 'zod';
import { operationSchema } from './operation.ts';
import { proposalStates } from './proposal.ts';
import { releaseSchema } from './release.ts';

export const eventSchema = z.object({
  /** Rises by one; a subscriber resumes after the last one it saw. */
  id: z.number().int(),
  at: z.number(),
  by: z.string(),
  app: z.string().optional(),
  body: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('app.changed'), name: z.string() }),
    z.object({ kind: z.literal('app.deleted'), name: z.string() }),
    z.object({ kind: z.literal('release.changed'), release: releaseSchema }),
    z.object({ kind: z.literal('operation.changed'), operation: operationSchema }),
    z.object({
      kind: z.literal('replica.changed'),
      process: z.string(),
      state: z.string(),
      reason: z.string().optional(),
    }),
    /** Somebody's terminal in a replica; `argv` without what looks like a secret. */
    z.object({
      kind: z.literal('terminal.changed'),
      id: z.string(),
      state: z.enum(['opened', 'closed']),
      process: z.string(),
      replica: z.number().int(),
      argv: z.array(z.string()),
      /** Of one that was closed: exit code, or why. */
      reason: z.string().optional(),
    }),
    /** A connection into an app's network, or (`credentials`) its service's password given out. */
    z.object({
      kind: z.literal('forward.changed'),
      state: z.enum(['opened', 'closed', 'credentials']),
      target: z.string(),
      port: z.number().int(),
      /** Of `closed`: how many connections there were since it was opened. */
      connections: z.number().int().optional(),
    }),
    /** Names alone, as everywhere. */
    z.object({
      kind: z.literal('config.changed'),
      version: z.number().int(),
      set: z.array(z.string()),
      unset: z.array(z.string()),
    }),
    z.object({ kind: z.literal('proposal.changed'), id: z.string(), state: z.enum(proposalStates) }),
    z.object({ kind: z.literal('server.changed'), what: z.string() }),
    z.object({ kind: z.literal('access.denied'), what: z.string() }),
    /** A token was made or revoked. Like `access.denied`, for administrators of the whole server alone. */
    z.object({ kind: z.literal('access.changed'), what: z.string() }),
  ]),
});
export type Event = z.infer<typeof eventSchema>;
export type EventBody = Event['body'];
