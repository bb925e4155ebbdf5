/** What a server says on the socket of a terminal or forward. Undefined for what this version does not know. */
import { type ForwardReply, forwardReplySchema } from 'minicloud-shared/model/forward';
import { type TerminalReply, terminalReplySchema } from 'minicloud-shared/model/terminal';

export function terminalReply(text: string): TerminalReply | undefined {
  return terminalReplySchema.safeParse(JSON.parse(text)).data;
}

export function forwardReply(text: string): ForwardReply | undefined {
  return forwardReplySchema.safeParse(JSON.parse(text)).data;
}
