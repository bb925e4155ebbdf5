/** The groups under an app. A group is there when it has something to show. */
import type { AppSummary } from 'minicloud-shared/model/app';
import { operationEnded } from 'minicloud-shared/model/operation';
import type { Release } from 'minicloud-shared/model/release';
import { l10n } from 'vscode';
import type { Forward } from '../forwards/forwards.ts';
import type { LiveServer } from '../servers/connections.ts';
import type { Detail } from '../servers/snapshot.ts';
import { formatAge } from './age.ts';
import { configGroup } from './config-group.ts';
import { ForwardNode } from './forward-node.ts';
import { type Group, GroupNode } from './group-node.ts';
import { offers, type TreeNode } from './node.ts';
import { OperationNode, operationStateLabel } from './operation-node.ts';
import { ProcessNode } from './process-node.ts';
import { ReleaseNode } from './release-node.ts';
import { RowNode } from './row-node.ts';
import { healthy, shownProcesses } from './shown-processes.ts';
import { UrlNode } from './url-node.ts';

const mostActivity = 10;

export interface AppContent {
  live: LiveServer;
  app: AppSummary;
  detail: Detail | undefined;
  releases: readonly Release[];
  forwards: readonly Forward[];
}

export function appGroups(content: AppContent): TreeNode[] {
  const { live, app } = content;
  return [processes, routes, releases, configGroup, services, volumes, forwards, activity]
    .map((group) => group(content))
    .filter(({ nodes }) => nodes.length > 0)
    .map((group) => new GroupNode(live, app, group));
}

function processes({ live, detail }: AppContent): Group {
  const shown = detail ? shownProcesses(detail) : [];
  const replicas = shown.flatMap((process) => process.replicas);
  const wanted = shown.reduce((sum, { count }) => sum + count, 0);
  return {
    kind: 'processes',
    icon: 'server-process',
    label: l10n.t('Processes'),
    description: l10n.t('{0} of {1} healthy', healthy(replicas), wanted),
    expanded: true,
    nodes: detail ? shown.map((process) => new ProcessNode(live, detail, process)) : [],
  };
}

function routes({ live, app, detail }: AppContent): Group {
  const id = (name: string): string => `domain:${live.server.id}/${app.name}/${name}`;
  // An older server tells addresses only.
  const known = detail?.routes ?? [];
  const addresses =
    known.length > 0
      ? known.map((route) =>
          route.url
            ? new UrlNode(live, app, route.url, route)
            : new RowNode(id(route.host + route.path), live, app, {
                icon: 'globe',
                label: `${route.host}${route.path === '/' ? '' : route.path}`,
                description: `${route.process}:${route.port}`,
                facets: ['route'],
              }),
        )
      : app.urls.map(({ url, process, port }) => {
          const certificate = { kind: url.startsWith('https:') ? 'unknown' : 'none' };
          return new UrlNode(live, app, url, { process, port, certificate });
        });
  const routed = new Set(known.map(({ host }) => host));
  const idle = known.length > 0 ? (detail?.domains ?? []).filter((domain) => !routed.has(domain)) : [];
  const domains = idle.map(
    (domain) =>
      new RowNode(id(domain), live, app, {
        icon: 'globe',
        label: domain,
        description: l10n.t('claimed, without a route'),
        facets: ['domain'],
      }),
  );
  const [first, ...rest] = app.urls.map(({ url }) => new URL(url).host);
  return {
    kind: 'routes',
    icon: 'globe',
    label: l10n.t('Routes and Domains'),
    description: first && rest.length > 0 ? l10n.t('{0} and {1} more', first, rest.length) : first,
    nodes: [...addresses, ...domains],
  };
}

function releases({ live, app, releases: all }: AppContent): Group {
  const current = all.find(({ state }) => state === 'current');
  return {
    kind: 'releases',
    icon: 'versions',
    label: l10n.t('Releases'),
    description: current && `${current.version} · ${formatAge(current.createdAt, live.connection.now(), l10n.t)}`,
    expanded: true,
    nodes: all.map((release) => new ReleaseNode(live, app, release)),
  };
}

function services({ live, app, detail }: AppContent): Group {
  const bindings = detail?.bindings ?? [];
  const forward = offers(live, 'forward') && 'forward';
  return {
    kind: 'services',
    icon: 'plug',
    label: l10n.t('Services'),
    description: bindings.map(({ service }) => service).join(', '),
    nodes: bindings.map(
      ({ service, env, database }) =>
        new RowNode(`binding:${live.server.id}/${app.name}/${env}`, live, app, {
          icon: 'database',
          label: service,
          description: [database, env].filter(Boolean).join(' · '),
          tooltip: [
            service,
            database && l10n.t('Database {0}', database),
            l10n.t('The app finds it in its variable {0}', env),
          ]
            .filter(Boolean)
            .join('\n'),
          spoken: l10n.t('Service {0} of {1}, in its variable {2}', service, app.name, env),
          facets: ['binding', ...(forward ? [forward] : [])],
          env,
        }),
    ),
  };
}

function volumes({ live, app, detail }: AppContent): Group {
  const all = detail?.volumes ?? [];
  return {
    kind: 'volumes',
    icon: 'archive',
    label: l10n.t('Volumes'),
    description: all.length === 1 ? all[0]?.path : String(all.length),
    nodes: all.map(
      ({ name, path, createdAt }) =>
        new RowNode(`volume:${live.server.id}/${app.name}/${name}`, live, app, {
          icon: 'archive',
          label: path,
          description: name,
          tooltip: l10n.t('Volume {0}, since {1}', name, new Date(createdAt).toLocaleString()),
          spoken: l10n.t('Volume {0} of {1}, {2}', path, app.name, name),
          facets: ['volume'],
        }),
    ),
  };
}

function forwards({ live, app, forwards: all }: AppContent): Group {
  return {
    kind: 'forwards',
    icon: 'arrow-swap',
    label: l10n.t('Port Forwards'),
    description: all.map(({ port }) => port).join(', '),
    expanded: true,
    nodes: all.map((forward) => new ForwardNode(live, app, forward)),
  };
}

function activity({ live, app, detail }: AppContent): Group {
  // What still runs is the first row of the app. States of a newer server are told as they are called.
  const all = (detail?.activity ?? []).filter(({ state }) => operationEnded[state] !== false).slice(0, mostActivity);
  const [last] = all;
  return {
    kind: 'activity',
    icon: 'pulse',
    label: l10n.t('Activity'),
    description:
      last && `${operationStateLabel(last.state)} · ${formatAge(last.createdAt, live.connection.now(), l10n.t)}`,
    nodes: all.map((operation) => new OperationNode(live, app, operation)),
  };
}
