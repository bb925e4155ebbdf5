/** Rules about names, variables, volumes, builds and placement. */
import { looksLikeSecret, maskValue, namedLikeSecret } from './mask.ts';
import { formatPath, type Path } from './path.ts';
import type { Rule, RuleContext, RuleFinding } from './rules.ts';
import { repeated } from './rules-network.ts';
import type { PartialText } from './schema.ts';
import { needsOf, processNamesOf } from './view.ts';

const envTwice: Rule = {
  code: 'manifest/env-twice',
  severity: 'error',
  summary: 'A variable gets its value from one place: env, secrets or one of the needs.',
  check(context) {
    const { text } = context;
    const names: { name: string; path: Path; from: string }[] = [];
    for (const need of needsOf(context)) if (need.env) names.push({ ...need.env, from: `needs: ${need.kind}` });
    for (const name of Object.keys(text.env ?? {})) names.push({ name, path: ['env', name], from: 'env' });
    for (const [index, name] of (text.secrets ?? []).entries()) {
      if (name !== undefined) names.push({ name, path: ['secrets', index], from: 'secrets' });
    }
    return repeated(names, (entry) => entry.name).map(([entry, first]) => ({
      path: entry.path,
      onKey: entry.from === 'env',
      message: first.from.startsWith('needs')
        ? `${entry.name} is set by ${first.from} already; remove it here, or give that need another env.`
        : `${entry.name} is set under ${first.from} already; keep it in one place.`,
      related: [{ path: first.path, message: `${entry.name} is set here.` }],
    }));
  },
};

const secretInEnv: Rule = {
  code: 'manifest/secret-in-env',
  severity: 'warning',
  summary: 'What looks like a key does not stand in the file.',
  check({ text }) {
    return variablesOf(text).flatMap(({ name, value, path }): RuleFinding[] => {
      if (typeof value !== 'string' || !(looksLikeSecret(value) || namedLikeSecret(name, value))) return [];
      const message = `${formatPath(path)} looks like a key: ${maskValue(value)}. Whoever reads the file has it; put ${name} under secrets and give the value to the server.`;
      return [{ path, message }];
    });
  },
};

const mountTwice: Rule = {
  code: 'manifest/mount-twice',
  severity: 'error',
  summary: 'One volume is mounted at a folder.',
  check(context) {
    return mountsOf(context).flatMap((mounts) =>
      repeated(mounts, (mount) => mount.folder).map(([mount, first]) => ({
        path: mount.path,
        message: `${mount.folder} is mounted twice; give this volume another path, or remove it.`,
        related: [{ path: first.path, message: `${mount.folder} is mounted here first.` }],
      })),
    );
  },
};

const mountNested: Rule = {
  code: 'manifest/mount-nested',
  severity: 'warning',
  summary: 'Volumes are not mounted inside one another.',
  check(context) {
    return mountsOf(context).flatMap((mounts) =>
      mounts.flatMap((mount): RuleFinding[] => {
        const outer = mounts.find((other) => mount.folder.startsWith(`${other.folder}/`));
        if (!outer) return [];
        return [
          {
            path: mount.path,
            message: `${mount.folder} lies inside the volume at ${outer.folder}: each is backed up and restored by itself; mount them beside one another.`,
            related: [{ path: outer.path, message: `The volume at ${outer.folder} is here.` }],
          },
        ];
      }),
    );
  },
};

const supportName: Rule = {
  code: 'manifest/support-name',
  severity: 'error',
  summary: 'A support container has a name that no process has.',
  check({ text }) {
    const names = processNamesOf(text) ?? [];
    return Object.keys(text.support ?? {})
      .filter((name) => names.includes(name))
      .map((name) => ({
        path: ['support', name],
        onKey: true,
        message: `The support container ${name} has the name of a process; give it another one.`,
        ...(text.processes?.[name]
          ? { related: [{ path: ['processes', name], message: 'The process is here.' }] }
          : {}),
      }));
  },
};

const jobTwice: Rule = {
  code: 'manifest/job-twice',
  severity: 'error',
  summary: 'Every job has a name of its own.',
  check({ text }) {
    const jobs = (text.jobs ?? []).flatMap((job, index) =>
      job?.name === undefined ? [] : [{ name: job.name, path: ['jobs', index, 'name'] as Path }],
    );
    return repeated(jobs, (job) => job.name).map(([job, first]) => ({
      path: job.path,
      message: `There is a job ${job.name} already; give this one another name.`,
      related: [{ path: first.path, message: 'The first one is here.' }],
    }));
  },
};

const imageAndBuild: Rule = {
  code: 'manifest/image-and-build',
  severity: 'information',
  summary: 'An image is either named or built.',
  check(context) {
    if (!context.nodeAt(['image']) || !context.nodeAt(['build'])) return [];
    return [
      {
        path: ['image'],
        onKey: true,
        message: 'image and build are both here; build makes the image, and this one is not used. Remove one of them.',
        related: [{ path: ['build'], message: 'The build is here.' }],
      },
    ];
  },
};

const buildSections = ['dockerfile', 'static', 'nixpacks', 'compose'] as const;

const buildSectionUnused: Rule = {
  code: 'manifest/build-section-unused',
  severity: 'information',
  summary: 'Only the section of the build type is used.',
  check({ text }) {
    const { build } = text;
    if (!build?.type) return [];
    return buildSections
      .filter((section) => section !== build.type && build[section] !== undefined)
      .map((section) => ({
        path: ['build', section],
        onKey: true,
        message: `build.${section} is not used: build.type is ${build.type}; remove the section, or change the type.`,
      }));
  },
};

const buildSectionMissing: Rule = {
  code: 'manifest/build-section-missing',
  severity: 'error',
  summary: 'A build of type compose names the service.',
  check(context) {
    const { build } = context.text;
    if (build?.type !== 'compose' || context.nodeAt(['build', 'compose'])) return [];
    return [
      {
        path: ['build', 'type'],
        message: 'build.type is compose, but no service is named; write compose: { service: NAME }.',
      },
    ];
  },
};

const placementApps: Rule = {
  code: 'manifest/placement',
  severity: 'warning',
  summary: 'An app is near and apart from different apps, and not from itself.',
  check({ text }) {
    const { near, apart } = text.placement ?? {};
    const found: RuleFinding[] = [];
    for (const [key, value] of [
      ['near', near],
      ['apart', apart],
    ] as const) {
      if (value !== undefined && value === text.name) {
        found.push({ path: ['placement', key], message: `placement.${key} names the app itself; name another app.` });
      }
    }
    if (near !== undefined && near === apart) {
      found.push({
        path: ['placement', 'apart'],
        message: `The app can not be near ${near} and apart from it at once; keep one of the two.`,
        related: [{ path: ['placement', 'near'], message: 'near is here.' }],
      });
    }
    return found;
  },
};

export const appRules: readonly Rule[] = [
  envTwice,
  secretInEnv,
  mountTwice,
  mountNested,
  supportName,
  jobTwice,
  imageAndBuild,
  buildSectionUnused,
  buildSectionMissing,
  placementApps,
];

interface Variable {
  name: string;
  value: unknown;
  path: Path;
}

/** Every variable whose value stands in the file. */
function variablesOf(text: PartialText): Variable[] {
  const list = (values: object | undefined, path: Path): Variable[] =>
    Object.entries(values ?? {}).map(([name, value]) => ({ name, value, path: [...path, name] }));
  return [
    ...list(text.env, ['env']),
    ...Object.entries(text.support ?? {}).flatMap(([name, support]) => list(support?.env, ['support', name, 'env'])),
    ...list(text.build?.dockerfile?.args, ['build', 'dockerfile', 'args']),
    ...list(text.build?.nixpacks?.variables, ['build', 'nixpacks', 'variables']),
  ];
}

interface Mount {
  folder: string;
  path: Path;
}

/** Volumes by container: those of the app, then those of each support container. */
function mountsOf(context: RuleContext): Mount[][] {
  const own = needsOf(context).flatMap((need) => (need.mount ? [need.mount] : []));
  const support = Object.entries(context.text.support ?? {}).map(([name, container]) =>
    (container?.volumes ?? []).flatMap((volume, index): Mount[] =>
      volume?.path === undefined ? [] : [{ folder: volume.path, path: ['support', name, 'volumes', index, 'path'] }],
    ),
  );
  return [own, ...support];
}
