import type { ConfigKind } from 'minicloud-shared/model/config';

/** Each a shape of its own, so that a name is seen to be a secret without its colour. */
export const kindIcons: Record<ConfigKind, string> = { config: 'symbol-variable', secret: 'key' };
