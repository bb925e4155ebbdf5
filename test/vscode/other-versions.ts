/** The same server as another version of it would answer. */
import type { Change } from './gate.ts';

type Data = Record<string, unknown>;

/** Every object of a list, or the one object, with something else in it. */
function each(data: unknown, change: (one: Data) => Data): unknown {
  if (Array.isArray(data)) return data.map((one) => change(one as Data));
  return typeof data === 'object' && data !== null ? change(data as Data) : data;
}

/** Answers what the first version could have: the apps and nothing about them. */
export const olderServer: Change = (procedure, data) => {
  if (procedure === 'system.info') return each(data, (info) => ({ ...info, version: '0.0.1', features: ['apps'] }));
  if (procedure !== 'apps.get') return data;
  return each(data, ({ replicas: _, processes: __, routes: ___, activity: ____, ...known }) => known);
};

/** Answers with features, states, kinds and consequences that nobody has heard of. */
export const newerServer: Change = (procedure, data) => {
  switch (procedure) {
    case 'system.info':
      return each(data, (info) => ({
        ...info,
        version: '99.0.0',
        apiVersion: 99,
        features: [...(info.features as string[]), 'teleport'],
      }));
    case 'system.status':
      return each(data, (status) => ({
        ...status,
        components: [{ name: 'quantum-link', state: 'entangled', detail: '' }],
      }));
    case 'apps.list':
    case 'apps.get':
      return each(data, (app) => ({
        ...app,
        state: 'hibernating',
        kind: 'function',
        replicas: each(app.replicas, (replica) => ({ ...replica, state: 'dreaming' })),
        routes: each(app.routes, (route) => ({ ...route, certificate: { kind: 'quantum' } })),
        activity: each(app.activity, (operation) => ({ ...operation, kind: 'teleport', state: 'paused' })),
      }));
    case 'releases.list':
    case 'releases.get':
      return each(data, (release) => ({ ...release, state: 'archived' }));
    case 'plans.create':
      return each(data, (answer) => ({ ...answer, plan: each(answer.plan, newerPlan) }));
    case 'events.subscribe':
      return each(data, (event) => ({ ...event, body: { kind: 'weather.changed', sun: true } }));
    default:
      return data;
  }
};

function newerPlan(plan: Data): Data {
  return {
    ...plan,
    consequence: 'teleport',
    changes: each(plan.changes, (change) => ({ ...change, action: 'move', consequence: 'teleport' })),
    steps: each(plan.steps, (step) => ({ ...step, kind: 'beam', consequence: 'teleport' })),
  };
}
