/** Config vars and secrets: a bundle of its own, read with the first command about them. */
export { importEnv } from './import-env.ts';
export { setValue } from './set-value.ts';
export { unset } from './unset.ts';
