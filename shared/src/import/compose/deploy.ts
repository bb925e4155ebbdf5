/** `deploy` of a service, and the limits that older files write beside it. */
import { resources } from '../../manifest/schema-parts.ts';
import { count as countSchema } from '../../manifest/schema-scalars.ts';
import { below, type Part } from '../part.ts';
import type { Report } from '../report.ts';
import { entriesOf, fit, isFields, sizeOf, textOf } from '../values.ts';
import type { Reading } from './fields.ts';
import { readLabels } from './labels.ts';

/** Why each other key of `deploy` is not mapped. */
const left: Readonly<Record<string, string>> = {
  endpoint_mode: 'Traffic is shared out by Minicloud’s proxy.',
  mode: 'A process says how many replicas run.',
  placement: 'Constraints are labels of a Swarm’s nodes; see placement in a manifest.',
  restart_policy: 'Minicloud starts again whatever ends.',
  rollback_config: 'A release that is not healthy never gets traffic; see rollout in a manifest.',
  update_config: 'New replicas are healthy before the old ones stop; see rollout in a manifest.',
};
export const composeDeployFields: readonly string[] = ['labels', 'replicas', 'resources', ...Object.keys(left)];

export function readDeploy(value: unknown, field: string, part: Part, { report }: Reading): void {
  for (const [key, item] of entriesOf(value)) {
    const inside = below(field, key);
    if (key === 'labels') readLabels(item, inside, part, report);
    else if (key === 'replicas') readLimit('count', item, inside, part, report);
    else if (key === 'resources') readResources(item, inside, part, report);
    else
      report.left(inside, (Object.hasOwn(left, key) ? left[key] : undefined) ?? 'deploy of Compose has no such key.');
  }
}

function readResources(value: unknown, field: string, part: Part, report: Report): void {
  for (const [kind, limits] of entriesOf(value)) {
    const inside = below(field, kind);
    if (kind !== 'limits' || !isFields(limits)) {
      report.left(inside, 'Minicloud has limits, and reserves nothing.');
      continue;
    }
    for (const [key, limit] of entriesOf(limits)) {
      if (key === 'cpus' || key === 'memory' || key === 'pids') readLimit(key, limit, below(inside, key), part, report);
      else report.left(below(inside, key), 'Minicloud has no such limit.');
    }
  }
}

const replicas = countSchema(0, 100, 'count');

/** Each limit by its name in a part: what its value has to be, from the text or number it is written as. */
const limits = {
  memory: (value: unknown) => fit(resources.shape.memory.unwrap(), sizeOf(value)),
  cpus: (value: unknown) => exactly(Number(textOf(value)), fit(resources.shape.cpus.unwrap(), Number(textOf(value)))),
  pids: (value: unknown) => exactly(Number(textOf(value)), fit(resources.shape.pids.unwrap(), Number(textOf(value)))),
  count: (value: unknown) => exactly(Number(textOf(value)), fit(replicas, Number(textOf(value)))),
};

/** Reads one limit into the part, or says that a manifest can't hold it. Unlimited is what it says itself: no limit. */
export function readLimit(kind: keyof typeof limits, value: unknown, field: string, part: Part, report: Report): void {
  const fitting = limits[kind](value);
  const text = textOf(value) ?? '';
  if (fitting === undefined) {
    const unlimited = text === '0' || text === '-1' || text === '';
    report.left(
      field,
      unlimited
        ? 'There is always a limit; the server’s own counts when none is said.'
        : `${text || 'This'} is no ${kind} that a manifest can hold.`,
    );
  } else if (part[kind] !== undefined)
    report.left(field, `The same limit is at ${part[kind].field}, and that one counts.`);
  else if (kind === 'memory') part.memory = { value: String(fitting), field };
  else part[kind] = { value: Number(fitting), field };
}

/** A number that was not moved to a bound. */
function exactly(value: number, fitting: number | undefined): number | undefined {
  return fitting === value ? fitting : undefined;
}
