/** Bodies are UTF-8 or refused: replaced characters would make another text than what was sent. */
import { pipeline, type Readable, Transform } from 'node:stream';

/** The same bytes; ends in an error of status 400 at the first that is not UTF-8. */
export function utf8Only(body: Readable): Readable {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const check = (chunk: Uint8Array | undefined): Error | null => {
    try {
      decoder.decode(chunk, { stream: chunk !== undefined });
      return null;
    } catch {
      return Object.assign(new Error('The body is not UTF-8.'), { statusCode: 400 });
    }
  };
  const checked = new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => done(check(chunk), chunk),
    flush: (done) => done(check(undefined)),
  });
  // Whichever ends first ends the other; the reader is told by `checked`.
  pipeline(body, checked, () => {});
  return checked;
}
