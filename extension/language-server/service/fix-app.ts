/** Fixes for names, variables, volumes, builds, rollouts and what only the server knows. */
import type { Fix } from 'minicloud-shared/manifest/model';
import type { Path } from 'minicloud-shared/manifest/path';
import { closest } from 'minicloud-shared/manifest/suggest';
import { parsePercent } from 'minicloud-shared/manifest/units';
import { needsOf, processNamesOf } from 'minicloud-shared/manifest/view';
import type { FixContext, Fixer } from './fix.ts';
import { addedTo } from './fix-routes.ts';

function textAt({ document }: FixContext, path: Path): string | undefined {
  const node = document.context.nodeAt(path);
  return node?.kind === 'scalar' && node.value !== null ? String(node.value) : undefined;
}

const envTwice: Fixer = (context) => {
  const { draft, path, document } = context;
  const need = path[0] === 'needs' ? Number(path[1]) : undefined;
  const name = String(need === undefined ? path.at(-1) : '');
  const fixes: (Fix | undefined)[] = [
    draft()
      .remove(need === undefined ? path : ['needs', need])
      .fix('Remove it here'),
  ];
  if (need !== undefined) {
    const item = document.context.nodeAt(['needs', need]);
    const kind = needsOf(document.context).find((each) => each.path[1] === need)?.kind ?? 'database';
    const other = `${kind.toUpperCase()}_${need + 1}_URL`;
    const change =
      item?.kind === 'scalar'
        ? draft().set(['needs', need], { [kind]: { env: other } })
        : document.context.nodeAt(['needs', need, kind, 'env'])
          ? draft().set(['needs', need, kind, 'env'], other)
          : draft().add(['needs', need, kind], 'env', other);
    fixes.unshift(change.fix(`Put its URL into ${other}`));
  }
  // Of a variable and the secret of its name, the value in the file is the one that should not be there.
  if (path[0] === 'secrets')
    fixes.push(
      draft()
        .remove(['env', textAt(context, path) ?? name])
        .fix('Remove it from env'),
    );
  return fixes;
};

const secretInEnv: Fixer = (context) => {
  const { draft, path } = context;
  const name = String(path.at(-1));
  // A build and a support container have no secrets.
  return path.length === 2 && path[0] === 'env'
    ? [
        draft().remove(path).push(['secrets'], name).fix(`Move ${name} to the secrets`),
        draft().remove(path).fix(`Remove ${name}`),
      ]
    : [draft().remove(path).fix(`Remove ${name}`)];
};

const reservedEnv: Fixer = (context) => {
  const { draft, path } = context;
  const name = path[0] === 'env' ? String(path[1]) : (textAt(context, path) ?? '');
  const other = `APP_${name.replace(/^MINICLOUD_/i, '')}`;
  return [
    (path[0] === 'env' ? draft().rename(path, other) : draft().set(path, other)).fix(`Change to ${other}`),
    draft().remove(path).fix(`Remove ${name}`),
  ];
};

/** A name that is not taken gets a word behind it, and the routes that lead to it follow. */
const renamed =
  (suffix: string): Fixer =>
  ({ draft, path, document }) => {
    const [section, name] = [String(path[0]), String(path[1])];
    const other = `${name.slice(0, 31 - suffix.length)}-${suffix}`;
    let change = draft().rename(path, other);
    for (const [index, expose] of (document.context.text.expose ?? []).entries()) {
      if (section === 'processes' && expose?.process === name) change = change.set(['expose', index, 'process'], other);
    }
    return [change.fix(`Rename to ${other}`), draft().remove(path).fix(`Remove ${name}`)];
  };

const jobTwice: Fixer = (context) => {
  const { draft, path } = context;
  const other = `${(textAt(context, path) ?? 'job').slice(0, 30)}-2`;
  return [draft().set(path, other).fix(`Rename to ${other}`), draft().remove(path.slice(0, -1)).fix('Remove this job')];
};

/** A folder beside the others that no volume has. */
function freeFolder({ document }: FixContext, wanted: string): string {
  const taken = needsOf(document.context).flatMap(({ mount }) => (mount ? [mount.folder] : []));
  const candidates = [wanted, ...[2, 3, 4, 5].map((number) => `${wanted}-${number}`)];
  return candidates.find((folder) => !taken.includes(folder)) ?? `${wanted}-6`;
}

const mount: Fixer = (context) => {
  const { draft, path, document } = context;
  const given = textAt(context, path) ?? '/data';
  const folder = freeFolder(context, given.startsWith('/') ? `/${given.slice(1).replaceAll('/', '-')}` : '/data');
  const written = path.at(-1) === 'path';
  const entry = path.at(-1) === 'path' ? path.slice(0, path[0] === 'needs' ? 2 : -1) : path.slice(0, 2);
  const node = document.context.nodeAt(path);
  const moved = written
    ? draft().set(path, folder)
    : node?.kind === 'scalar'
      ? draft().set(path, { storage: { path: freeFolder(context, '/data-2') } })
      : draft().add(path, 'path', freeFolder(context, '/data-2'));
  return [
    moved.fix(`Mount it at ${written ? folder : 'a folder of its own'}`),
    draft().remove(entry).fix('Remove this volume'),
  ];
};

const supportName: Fixer = (context) => renamed('support')(context);

const buildSection: Fixer = ({ draft, path }) => [
  draft().remove(path).fix(`Remove ${path[1]}`),
  draft().set(['build', 'type'], String(path[1])).fix(`Change the type to ${path[1]}`),
];

const rolloutSteps: Fixer = ({ draft, document, path }) => {
  const steps = (document.context.text.rollout?.steps ?? []).map((step) => parsePercent(step ?? '') ?? 100);
  const rising = [...new Set([...steps, 100])].sort((a, b) => a - b).map((share) => `${share}%`);
  // Those that rise lack their end alone.
  if (steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0)))
    return [draft().push(['rollout', 'steps'], '100%').fix('End with 100%')];
  return [
    draft()
      .set(['rollout', 'steps'], rising)
      .fix(`Write ${rising.join(', ')}`),
    draft().remove(path).fix('Remove this step'),
  ];
};

const stepsUnused: Fixer = ({ draft, document }) => {
  const said = document.context.nodeAt(['rollout', 'strategy']);
  const used = (
    said ? draft().set(['rollout', 'strategy'], 'steps') : draft().add(['rollout'], 'strategy', 'steps')
  ).fix('Use the strategy steps');
  const removed = draft().remove(['rollout', 'steps']).fix('Remove steps');
  // Who wrote no strategy meant the steps.
  return said ? [removed, used] : [used, removed];
};

const stopFirst: Fixer = (context) => {
  const { draft, document } = context;
  const title = 'Stop the old release first';
  const added = addedTo(context, 'rollout', 'strategy', 'stop-first');
  const withSteps = document.context.nodeAt(['rollout', 'steps'])
    ? document.context.nodeAt(['rollout', 'strategy'])
      ? draft().remove(['rollout', 'steps']).set(['rollout', 'strategy'], 'stop-first').fix(title)
      : draft().remove(['rollout']).add([], 'rollout', { strategy: 'stop-first' }).fix(title)
    : undefined;
  return [withSteps, added && { ...added, title }];
};

const secretValue: Fixer = (context) => {
  const { draft, path, facts, document } = context;
  const name = textAt(context, path) ?? '';
  const meant = closest(name, facts?.secrets[document.context.text.name ?? ''] ?? []);
  return [
    ...(meant === undefined ? [] : [draft().set(path, meant).fix(`Change to ${meant}`)]),
    draft().remove(path).fix(`Remove ${name}`),
  ];
};

const notAvailable: Fixer = ({ draft, path }) => {
  const entry = path[0] === 'needs' ? path.slice(0, 2) : path;
  const label = entry.length === 2 && path[0] === 'needs' ? 'this need' : String(path.at(-1));
  return [
    ...(path.length > entry.length
      ? [
          draft()
            .remove(path)
            .fix(`Remove ${path.at(-1)}`),
        ]
      : []),
    draft().remove(entry).fix(`Remove ${label}`),
    ...(path[0] === 'expose' ? [draft().remove(path.slice(0, 2)).fix('Remove this entry')] : []),
  ];
};

/** As many of the largest process as there is room for beside the others; of support containers, one too many goes. */
const appFull: Fixer = ({ draft, path, document, facts }) => {
  if (path[0] === 'support')
    return [
      draft()
        .remove(path)
        .fix(`Remove ${path.at(-1)}`),
    ];
  const { manifest } = document;
  if (manifest?.kind !== 'container' || !facts?.room) return [];
  const others = manifest.processes.filter(({ name }) => name !== path[1]).reduce((sum, { count }) => sum + count, 0);
  const fits = facts.room.replicas - others;
  return fits < 1 ? [] : [draft().set(path, fits).fix(`Change to ${fits}`)];
};

const placementUnknown: Fixer = (context) => {
  const { draft, path, facts } = context;
  const meant = closest(textAt(context, path) ?? '', facts?.apps ?? []);
  return [
    ...(meant === undefined ? [] : [draft().set(path, meant).fix(`Change to ${meant}`)]),
    draft()
      .remove(path)
      .fix(`Remove ${path.at(-1)}`),
  ];
};

const composeService: Fixer = ({ draft, document }) => {
  const [name = 'web'] = processNamesOf(document.context.text) ?? [];
  return [draft().add(['build'], 'compose', { service: name }).fix(`Name the service ${name}`)];
};

export const appFixers: Readonly<Record<string, Fixer>> = {
  'manifest/env-twice': envTwice,
  'manifest/secret-in-env': secretInEnv,
  'manifest/reserved-env': reservedEnv,
  'manifest/reserved-name': renamed('own'),
  'manifest/support-name': supportName,
  'manifest/job-twice': jobTwice,
  'manifest/mount-twice': mount,
  'manifest/mount-nested': mount,
  'manifest/image-and-build': ({ draft }) => [
    draft().remove(['image']).fix('Remove image'),
    draft().remove(['build']).fix('Remove build'),
  ],
  'manifest/build-section-unused': buildSection,
  'manifest/build-section-missing': composeService,
  'manifest/placement': ({ draft, path }) => [
    draft()
      .remove(path)
      .fix(`Remove ${path.at(-1)}`),
  ],
  'manifest/rollout-steps': rolloutSteps,
  'manifest/rollout-steps-unused': stepsUnused,
  'manifest/stop-first-needed': stopFirst,
  'manifest/stop-first-unsaid': stopFirst,
  'manifest/secret-value': secretValue,
  'manifest/not-available': notAvailable,
  'manifest/app-full': appFull,
  'manifest/placement-unknown': placementUnknown,
};
