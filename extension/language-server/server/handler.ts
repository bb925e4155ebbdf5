import type { ServerCapabilities } from 'vscode-languageserver-protocol';
import type { OpenManifest } from './documents.ts';

/** One kind of question about an open manifest. */
export interface Handler<Params = never, Answer = unknown> {
  method: string;
  capability: ServerCapabilities;
  /** Answers at once; a document that is not open is answered with `closed`. */
  answer(open: OpenManifest, params: Params): Answer;
  closed: Answer;
}

/** Checks a row's types where it is written; in the table they are forgotten. */
export function row<Params, Answer>(handler: Handler<Params, Answer>): Handler<Params, Answer> {
  return handler;
}
