/** Terminals: a program run in a replica, with a person's keyboard and screen at it. */
import * as z from 'zod';
import { problemSchema } from './problem.ts';
import { ticketSchema } from './socket.ts';

export const terminalSizeSchema = z.object({
  cols: z.number().int().min(1).max(1000),
  rows: z.number().int().min(1).max(1000),
});
export type TerminalSize = z.infer<typeof terminalSizeSchema>;

export const terminalTicketSchema = ticketSchema.extend({
  /** What will run; the shell that was found when none was asked for. */
  argv: z.array(z.string()),
  process: z.string(),
  /** Number of the replica, from 1. */
  replica: z.number().int(),
});
export type TerminalTicket = z.infer<typeof terminalTicketSchema>;

/**
 * Text messages from the client. `end` ends the program's input; with a terminal, a person types Ctrl-D instead.
 * Binary messages are the input.
 */
export const terminalRequestSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('resize'), ...terminalSizeSchema.shape }),
  z.object({ type: z.literal('end') }),
]);
export type TerminalRequest = z.infer<typeof terminalRequestSchema>;

/**
 * Text messages from the server: the last one before it closes. Binary messages are the output; without a terminal
 * each begins with a byte that says which, see `outputByte`.
 */
export const terminalReplySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('exit'), code: z.number().int() }),
  z.object({ type: z.literal('problem'), problem: problemSchema }),
]);
export type TerminalReply = z.infer<typeof terminalReplySchema>;

/** First byte of every binary message of the server where standard output and error are apart. */
export const outputByte = { stdout: 1, stderr: 2 } as const;
