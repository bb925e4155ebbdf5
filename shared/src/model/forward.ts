/** Port-forwards: a TCP connection from a client's machine to a port inside an app's network. */
import * as z from 'zod';
import { problemSchema } from './problem.ts';

export const forwardTargetSchema = z.object({
  /** Name of the process, support container or service: `web`, `search`, `mariadb`. */
  target: z.string(),
  kind: z.enum(['process', 'support', 'service']),
  /** Replicas that run, by number; one replica is chosen when none is named. Empty for support and services. */
  replicas: z.array(z.number().int()),
  /** Ports that are known; of a service the only one. Any other port of a process or support container can be given. */
  ports: z.array(
    z.object({
      port: z.number().int(),
      /** Where it is reached once forwarded; `{port}` stands for the local port: `http://127.0.0.1:{port}/`. */
      urlTemplate: z.string(),
    }),
  ),
  /** For services: the variable in which the app is given its URL; what `forwards.credentials` asks for. */
  env: z.string().optional(),
});
export type ForwardTarget = z.infer<typeof forwardTargetSchema>;

export const forwardCredentialsSchema = z.object({
  env: z.string(),
  /** The app's own URL with host and port of the forward. Holds a password: for the clipboard, never for a log. */
  url: z.string(),
});
export type ForwardCredentials = z.infer<typeof forwardCredentialsSchema>;

/** Text message either way: nothing more comes from this side, the other may go on. Binary messages are the bytes. */
export const forwardRequestSchema = z.object({ type: z.literal('end') });

export const forwardReplySchema = z.discriminatedUnion('type', [
  /** The connection stands; sent once, before the first byte. */
  z.object({ type: z.literal('connected') }),
  z.object({ type: z.literal('end') }),
  z.object({ type: z.literal('problem'), problem: problemSchema }),
]);
export type ForwardReply = z.infer<typeof forwardReplySchema>;
