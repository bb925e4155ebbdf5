import { describeError } from 'minicloud-shared/client/describe-error';
import { pickApp, requireFeature } from '../commands/pick.ts';
import { followOperation } from '../deploy/follow-operation.ts';
import { findManifests, isManifest, manifestSchemes } from '../deploy/manifest-source.ts';
import { tellDeployed, tellUnsuccessful } from '../deploy/tell-result.ts';
import { trusted } from '../deploy/trust.ts';
import { manifestIn } from '../import/write-manifest.ts';
import { sentence, showError } from '../problems.ts';
import type { Services } from '../services.ts';

/** What the commands about config vars and secrets share with the others: handed in, as their bundle would hold a second copy. */
export const configTools = {
  ...{ describeError, pickApp, requireFeature, followOperation, findManifests, isManifest, manifestSchemes },
  ...{ tellDeployed, tellUnsuccessful, trusted, manifestIn, sentence, showError },
};

export type ConfigTools = typeof configTools & { services: Services };

/** Their bundle is read with the first of them. */
export const loadConfig = async () => (await import('./config-commands.ts')).configCommands;
