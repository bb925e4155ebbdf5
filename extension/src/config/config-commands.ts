/** Config vars and secrets: a bundle of its own, read with the first command about them. */
import { importEnv } from './import-env.ts';
import { setValue } from './set-value.ts';
import { unset } from './unset.ts';

export const configCommands = { importEnv, setValue, unset };
