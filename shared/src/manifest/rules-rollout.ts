/** Rules about how traffic moves from one release to the next. */
import type { Rule, RuleContext, RuleFinding } from './rules.ts';
import { replaceWord } from './rules-network.ts';
import { parsePercent } from './units.ts';
import { exposesOf, needsOf } from './view.ts';

const rolloutSteps: Rule = {
  code: 'manifest/rollout-steps',
  severity: 'error',
  summary: 'The steps of a rollout rise and end in 100%.',
  check({ text }) {
    const steps = text.rollout?.steps;
    if (!steps || steps.includes(undefined)) return [];
    const shares = steps.map((step) => parsePercent(step ?? '') ?? 0);
    const found: RuleFinding[] = [];
    for (const [index, share] of shares.entries()) {
      const before = shares[index - 1];
      if (before !== undefined && share <= before) {
        found.push({
          path: ['rollout', 'steps', index],
          message: `The steps have to rise, but ${share}% follows ${before}%; write rising shares, such as [10%, 50%, 100%].`,
        });
      }
    }
    if (found.length === 0 && shares.at(-1) !== 100) {
      found.push({
        path: ['rollout', 'steps', shares.length - 1],
        message: `The last step is ${shares.at(-1)}%, so the new release would never get all traffic; end with 100%.`,
      });
    }
    return found;
  },
};

const stepsUnused: Rule = {
  code: 'manifest/rollout-steps-unused',
  severity: 'information',
  summary: 'Steps are for the strategy steps.',
  check(context) {
    const strategy = context.text.rollout?.strategy;
    if (!strategy || strategy === 'steps' || !context.nodeAt(['rollout', 'steps'])) return [];
    return [
      {
        path: ['rollout', 'steps'],
        onKey: true,
        message: `rollout.steps is not used by the strategy ${strategy}; write strategy: steps, or remove steps.`,
      },
    ];
  },
};

/** Folders that one process at a time has to itself. */
const singleWriterFolder =
  /^(\/var\/lib\/(mysql|postgresql|mongodb|redis|rabbitmq|clickhouse|elasticsearch|influxdb\d?|grafana|neo4j)|\/data\/db|\/meili_data|\/qdrant\/storage|\/bitnami\/\w+)(\/|$)/;
const singleWriterImage =
  /(^|\/)(mysql|mariadb|postgres|postgresql|mongo|mongodb|redis|valkey|rabbitmq|meilisearch|elasticsearch|clickhouse-server|influxdb|couchdb|neo4j|qdrant|vaultwarden|grafana)(:|@|$)/;

const stopFirstNeeded: Rule = {
  code: 'manifest/stop-first-needed',
  severity: 'warning',
  summary: 'Data that bears one writer only is deployed with stop-first.',
  check(context) {
    return storageWithOverlap(context)
      .filter((storage) => storage.single)
      .map(({ finding }) => finding);
  },
};

const stopFirstUnsaid: Rule = {
  code: 'manifest/stop-first-unsaid',
  severity: 'hint',
  summary: 'While a rolling deploy runs, two releases share a volume.',
  check(context) {
    // An app that runs in several replicas shares the volume all the time.
    if (Object.values(context.text.processes ?? {}).some((process) => (process?.count ?? 1) > 1)) return [];
    return storageWithOverlap(context)
      .filter((storage) => !storage.single)
      .slice(0, 1)
      .map(({ finding }) => finding);
  },
};

const healthUnsaid: Rule = {
  code: 'manifest/healthcheck-unsaid',
  severity: 'hint',
  summary: 'An app that is replaced step by step, or runs in replicas, says how it is seen to be ready.',
  check(context) {
    const { text } = context;
    const routed = exposesOf(text).find((expose) => expose.proto === 'http');
    if (!routed || context.nodeAt(['healthcheck'])) return [];
    const replicas = Object.values(text.processes ?? {}).some((process) => (process?.count ?? 1) > 1);
    if (!replicas && text.rollout?.strategy !== 'steps') return [];
    return [
      {
        path: ['expose'],
        onKey: true,
        message:
          'A replica counts as ready as soon as it takes connections, though it may not answer yet; write a healthcheck with a path.',
      },
    ];
  },
};

export const rolloutRules: readonly Rule[] = [
  rolloutSteps,
  stepsUnused,
  stopFirstNeeded,
  stopFirstUnsaid,
  healthUnsaid,
];

function storageWithOverlap(context: RuleContext): { single: boolean; finding: RuleFinding }[] {
  const { text } = context;
  const strategy = text.rollout?.strategy ?? 'rolling';
  if (strategy === 'stop-first' || text.forward) return [];
  const fix = stopFirstFix(context);
  return needsOf(context).flatMap(({ mount, path }) => {
    if (!mount) return [];
    const single = singleWriterFolder.test(mount.folder) || singleWriterImage.test(text.image ?? '');
    const message = single
      ? `${mount.folder} bears one writer at a time, but with ${strategy} the old and the new release run at once; write rollout: { strategy: stop-first }.`
      : `With ${strategy} the old and the new release share the volume at ${mount.folder} for a moment; if the app can not bear that, write rollout: { strategy: stop-first }.`;
    return [{ single, finding: { path, message, ...(fix ? { fix } : {}) } }];
  });
}

function stopFirstFix(context: RuleContext): RuleFinding['fix'] {
  const { source } = context;
  const title = 'Stop the old release first';
  const said = context.nodeAt(['rollout', 'strategy']);
  if (said) {
    // Steps that are used now would be left over.
    if (context.text.rollout?.strategy === 'steps' || context.nodeAt(['rollout', 'steps'])) return undefined;
    return { ...replaceWord(context, ['rollout', 'strategy'], 'stop-first'), title };
  }
  const root = context.nodeAt([]);
  if (context.nodeAt(['rollout']) || root?.kind !== 'map' || root.flow || /^(\.\.\.|---)/m.test(source))
    return undefined;
  // Only where a line at the end of the file is a key of the manifest itself.
  if (root.span[0] !== 0 && source.charAt(root.span[0] - 1) !== '\n') return undefined;
  const lineEnd = source.includes('\r\n') ? '\r\n' : '\n';
  const end = source.length;
  const newText = `${source.endsWith('\n') ? '' : lineEnd}rollout: { strategy: stop-first }${lineEnd}`;
  return { title, edits: [{ span: [end, end], newText }] };
}
