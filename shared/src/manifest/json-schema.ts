/** The JSON Schema of a manifest, for editors and for whoever generates manifests. */
import * as z from 'zod';
import { manifestSchema } from './schema.ts';

/**
 * Made from the one schema of the text form, as draft 7, which editors know best. It knows forms and bounds but no rules
 * across values: what it accepts, the parser may still refuse; what it refuses, the parser refuses too.
 */
export function manifestJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(manifestSchema, { target: 'draft-7', io: 'input' }) };
}
