/** What a plan says of config vars and secrets: names, and never a value. Pure. */
import type { ContainerManifest } from 'minicloud-shared/manifest/model';
import type { Change } from 'minicloud-shared/model/plan';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { AppRow } from '../apps/apps.ts';
import { type Config, configEnv, differences } from '../configs/configs.ts';

export interface ConfigPlanned {
  changes: Change[];
  /** For the hash of the plan: what is stored, and what the release would have. */
  versions: number[];
}

/** What the processes get that those of the release which serves have not, and the other way round. */
export function configChanges(
  before: { config: Config; manifest: ContainerManifest | undefined },
  next: { config: Config; manifest: ContainerManifest; stored: number },
): ConfigPlanned {
  const had = before.manifest ? configEnv(before.config, before.manifest) : {};
  const has = configEnv(next.config, next.manifest);
  const names = [...new Set([...Object.keys(had), ...Object.keys(has)])].sort();
  const changes = names.flatMap((name): Change[] => {
    const [was, is] = [Object.hasOwn(had, name), Object.hasOwn(has, name)];
    if (was && is && had[name] === has[name]) return [];
    const kind = (next.config.values.get(name) ?? before.config.values.get(name))?.kind ?? 'config';
    const action = !was ? 'add' : is ? 'change' : 'remove';
    return [{ action, object: `${kind} ${name}`, consequence: 'none' }];
  });
  return { changes, versions: [next.stored, next.config.version] };
}

/** `given up`: what is stored now, when a rollback puts an earlier one in its place. */
export function configNotes(manifest: ContainerManifest, config: Config, givenUp: Config | undefined): string[] {
  const over = Object.keys(manifest.env).filter((name) => config.values.get(name)?.kind === 'config');
  const env = configEnv(config, manifest);
  const silent = givenUp
    ? differences(givenUp, config)
        .map(({ name }) => name)
        .filter((name) => !Object.hasOwn(env, name))
    : [];
  return [
    ...(over.length > 0
      ? [
          `The server's config var wins over the manifest's \`env\`: ${over.join(', ')}. Unset it to have the manifest's.`,
        ]
      : []),
    ...(silent.length > 0 ? [`What is stored of these goes back, too: ${silent.join(', ')}.`] : []),
  ];
}

/** Throws `conflict` when a need of the manifest brings a variable that is set for the app. */
export function refuseTaken(app: Pick<AppRow, 'name'>, manifest: ContainerManifest, { values }: Config): void {
  const brought = manifest.needs.flatMap((need) => ('env' in need ? [{ kind: need.kind, env: need.env }] : []));
  const taken = brought.find(({ env }) => values.has(env));
  if (!taken) return;
  const command = values.get(taken.env)?.kind === 'secret' ? 'secrets' : 'config';
  throw new ProblemError({
    code: 'conflict',
    what: 'A variable would have two values',
    object: `${taken.env} of ${app.name}`,
    why: `The manifest's \`needs: ${taken.kind}\` brings ${taken.env}, and it is set on the server.`,
    still: 'Nothing was changed.',
    remedy: `Unset it with \`minicloud ${command}:unset ${app.name} ${taken.env}\`, or give that need another \`env\`.`,
  });
}
