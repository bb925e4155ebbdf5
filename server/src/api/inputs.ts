/** Shapes that several procedures take. */
import { appNameSchema } from 'minicloud-shared/model/app';
import { z } from 'zod';

export const appInput = z.strictObject({ app: appNameSchema });

/** The name of an image, by any registry; the engine's adapter reads it to the letter. */
export const imageInput = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/, 'not an image reference');

/** A manifest that somebody sends, with the name that errors call it by. */
export const manifestInput = { manifest: z.string().max(256 * 1024), fileName: z.string().max(200).optional() };

/** What a request is known by when it is sent again. */
export const idempotencyKey = z.string().min(8).max(100).optional();
