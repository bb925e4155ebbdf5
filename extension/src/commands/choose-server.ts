import { findManifest } from '../deploy/manifest-source.ts';
import type { Services } from '../services.ts';

/** Chooses the server that a manifest is deployed to; the choice is remembered in this workspace. */
export async function chooseServer({ targets }: Services, argument: unknown): Promise<void> {
  const uri = await findManifest(argument);
  if (uri) await targets.choose(uri);
}
