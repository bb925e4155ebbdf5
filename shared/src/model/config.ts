/** Config vars and secrets of an app, by name: values go to a server and never come back from it. */
import * as z from 'zod';

/**
 * A `config` var is in the environment of every process of its app; a `secret` only where the manifest lists it under
 * `secrets`.
 */
export const configKinds = ['config', 'secret'] as const;
export const configKindSchema = z.enum(configKinds);
export type ConfigKind = z.infer<typeof configKindSchema>;

/** What a name can be: the rule of the manifest for variables. */
export const configNamePattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** Of one app. Values count in bytes of UTF-8, names and values together for `totalBytes`. */
export const configLimits = { valueBytes: 64 * 1024, totalBytes: 1024 * 1024, names: 1000 };

export const configEntrySchema = z.object({
  name: z.string(),
  kind: configKindSchema,
  /** When its value was last changed, and by whom. */
  updatedAt: z.number(),
  by: z.string(),
  /** The release that serves has it in its environment, with the value that is stored now. */
  used: z.boolean(),
});
export type ConfigEntry = z.infer<typeof configEntrySchema>;

export const configListSchema = z.object({
  /** Rises by one with every change; 0 when nothing was ever set. */
  version: z.number().int(),
  /** By name. */
  entries: z.array(configEntrySchema),
});
export type ConfigList = z.infer<typeof configListSchema>;

/** What setting would do to a name; `same` also for what is to be unset and is not there. */
export const configChangeStates = ['new', 'changed', 'same', 'removed'] as const;
export const configPreviewSchema = z.object({
  /** The version that it was compared with. */
  version: z.number().int(),
  names: z.array(z.object({ name: z.string(), kind: configKindSchema, change: z.enum(configChangeStates) })),
});
export type ConfigPreview = z.infer<typeof configPreviewSchema>;

export const configSetResultSchema = z.object({
  version: z.number().int(),
  /** Names that are different now; empty when all of it was so already. */
  changed: z.array(z.string()),
  /** The deploy that brings it to the processes; absent when it was only stored. */
  operation: z.string().optional(),
});
export type ConfigSetResult = z.infer<typeof configSetResultSchema>;
