/** Problems that every engine answers with the same words. */
import { type ProblemCode, ProblemError } from 'minicloud-shared/model/problem';
import { parseReference } from './reference.ts';

export function foreign(object: string): ProblemError {
  return new ProblemError({
    code: 'forbidden',
    what: 'This belongs to somebody else and is left alone',
    object,
    why: 'It does not carry the label of this installation of Minicloud.',
    still: 'Nothing was changed.',
    remedy: 'Rename or remove it yourself when Minicloud should use that name.',
  });
}

export function conflict(object: string, why: string): ProblemError {
  return new ProblemError({
    code: 'conflict',
    what: 'Something else of that name is there already',
    object,
    why,
    still: 'Nothing was changed.',
    remedy: 'Remove the old one first, or choose another name.',
  });
}

export function notFound(object: string): ProblemError {
  return new ProblemError({
    code: 'not_found',
    what: 'It is not on this machine',
    object,
    why: 'The engine knows nothing of that name; it may have been removed behind our back.',
    remedy: 'Deploy again: what is missing is made anew.',
  });
}

/** A port of ours that takes no connection. */
export function nothingListens(object: string, why: string): ProblemError {
  return new ProblemError({
    code: 'not_available',
    what: 'The connection was not made',
    object,
    why: `${why.charAt(0).toUpperCase()}${why.slice(1)}.`,
    remedy: 'Use a port that the program listens on, at all of its addresses and not at 127.0.0.1 alone.',
  });
}

/** An image that must be on the machine and is not. */
export function imageMissing(reference: string, why = 'It was removed since, or never was here.'): ProblemError {
  return new ProblemError({
    code: 'image_not_found',
    what: 'An image was not found',
    object: `image ${reference}`,
    why,
    remedy: 'Check the name and the tag of the image, then deploy again.',
  });
}

export function fileTooLarge(path: string, size: number, maxBytes: number): ProblemError {
  return new ProblemError({
    code: 'invalid_input',
    what: 'A file of an image is larger than allowed',
    object: `file ${path}`,
    why: `It has ${size} bytes; at most ${maxBytes} are read.`,
    remedy: 'Make it smaller and build the image again.',
  });
}

/** Throws `forbidden` for names that Minicloud did not give. */
export function guardOurImage(reference: string): void {
  const { repository } = parseReference(reference);
  if (/^(?:docker\.io|localhost)\/minicloud\//.test(repository)) return;
  throw new ProblemError({
    code: 'forbidden',
    what: 'This image belongs to somebody else and is left alone',
    object: `image ${reference}`,
    why: 'Only names that begin with minicloud/ were given by Minicloud.',
    still: 'Nothing was changed.',
    remedy: 'Remove it with the engine itself if nobody needs it.',
  });
}

/** The code of one of our problems; undefined for any other error. */
export function failureCode(error: unknown): ProblemCode | undefined {
  return error instanceof ProblemError ? error.problem.code : undefined;
}
