/** Rules about ports, domains, routes and what they lead to. */

import type { Path } from './path.ts';
import type { Rule, RuleContext, RuleFinding } from './rules.ts';
import { closest } from './suggest.ts';
import { domainsOf, type ExposeView, exposesOf, primaryOf, processNamesOf } from './view.ts';

const portTwice: Rule = {
  code: 'manifest/port-twice',
  severity: 'error',
  summary: 'A port of a process is exposed once; several domains go into one entry.',
  check({ text }) {
    const primary = primaryOf(processNamesOf(text) ?? []);
    const exposes = exposesOf(text).filter((expose) => expose.port !== undefined);
    return exposes.flatMap((expose, index): RuleFinding[] => {
      const first = exposes.slice(0, index).find((earlier) => samePort(earlier, expose, primary));
      if (!first) return [];
      return [
        {
          path: [...expose.path, 'port'],
          message: `Port ${expose.port} is exposed twice; write one entry and put all domains into it.`,
          related: [{ path: [...first.path, 'port'], message: `Port ${expose.port} is exposed here first.` }],
        },
      ];
    });
  },
};

const domainTwice: Rule = {
  code: 'manifest/domain-twice',
  severity: 'error',
  summary: 'A domain and path lead to one place.',
  check({ text }) {
    const all = exposesOf(text)
      .filter((expose) => expose.proto === 'http')
      .flatMap((expose) => expose.domains.map((domain) => ({ ...domain, prefix: expose.prefix })));
    const forwarded = domainsOf(text.forward?.domains, ['forward', 'domains']).map((domain) => ({
      ...domain,
      prefix: '/',
    }));
    return repeated([...all, ...forwarded], (domain) => `${domain.name} ${domain.prefix}`).map(([domain, first]) => {
      const route = domain.prefix === '/' ? domain.name : `${domain.name}${domain.prefix}`;
      return {
        path: domain.path,
        message: `${route} is on two routes; remove it from one, or give one of them another path.`,
        related: [{ path: first.path, message: `${route} is used here first.` }],
      };
    });
  },
};

const httpOnly: Rule = {
  code: 'manifest/http-only',
  severity: 'error',
  summary: 'Domains, path, max_body and timeout are for proto: http.',
  check(context) {
    return exposesOf(context.text)
      .filter((expose) => expose.proto !== 'http')
      .flatMap((expose) =>
        ['domains', 'path', 'max_body', 'timeout']
          .filter((key) => context.nodeAt([...expose.path, key]))
          .map((key) => ({
            path: [...expose.path, key],
            onKey: true,
            message: `${key} has no meaning for ${expose.proto}, which carries no names; remove it, or use proto: http.`,
          })),
      );
  },
};

const withoutDomain: Rule = {
  code: 'manifest/expose-without-domain',
  severity: 'warning',
  summary: 'Only the first http port gets NAME.SERVER-DOMAIN by itself.',
  check({ text }) {
    const nameless = exposesOf(text).filter((expose) => expose.proto === 'http' && expose.domains.length === 0);
    return nameless
      .filter((expose) => (text.expose?.[Number(expose.path[1])]?.domains?.length ?? 0) === 0)
      .slice(1)
      .map((expose) => ({
        path: [...expose.path, 'port'],
        message: `Nothing leads to port ${expose.port ?? ''}: only the first http port gets a name by itself; give this one domains.`,
      }));
  },
};

const healthcheckPort: Rule = {
  code: 'manifest/healthcheck-port',
  severity: 'error',
  summary: 'The healthcheck asks a port that is exposed over http or tcp.',
  check(context) {
    const { text } = context;
    if (!text.healthcheck || text.expose === undefined || text.forward) return [];
    const exposes = exposesOf(text);
    // An entry that could not be read may hold the very port.
    if (exposes.length < text.expose.length || exposes.some((expose) => expose.port === undefined)) return [];
    const ports = [...new Set(exposes.filter((expose) => expose.proto !== 'udp').map((expose) => expose.port))];
    const { port } = text.healthcheck;
    if (port === undefined) {
      if (ports.length > 0 || context.nodeAt(['healthcheck', 'port'])) return [];
      return [
        {
          path: ['healthcheck'],
          onKey: true,
          message: 'There is nothing to check: no http or tcp port is exposed; expose one.',
        },
      ];
    }
    if (ports.includes(port)) return [];
    const path = ['healthcheck', 'port'];
    const known = ports.length === 0 ? 'no http or tcp port is exposed' : `exposed: ${ports.join(', ')}`;
    const finding: RuleFinding = {
      path,
      message: `healthcheck.port is ${port}, which nobody exposes; ${known}.`,
      related: exposes.map((expose) => ({
        path: [...expose.path, 'port'],
        message: `Port ${expose.port} is exposed.`,
      })),
    };
    if (ports.length === 1) {
      finding.fix = {
        title: `Check port ${ports[0]}`,
        edits: [{ span: context.spanOf(path), newText: String(ports[0]) }],
      };
    }
    return [finding];
  },
};

const exposeProcess: Rule = {
  code: 'manifest/expose-process',
  severity: 'error',
  summary: 'A route leads to a process that is in the manifest.',
  check(context) {
    const names = processNamesOf(context.text);
    if (!names) return [];
    return exposesOf(context.text).flatMap((expose): RuleFinding[] => {
      if (expose.process === undefined || names.includes(expose.process)) return [];
      const path = [...expose.path, 'process'];
      const meant = closest(expose.process, names) ?? (names.length === 1 ? names[0] : undefined);
      const hint = meant === undefined ? `there is ${names.join(', ')}` : `did you mean ${meant}?`;
      return [
        {
          path,
          message: `There is no process ${expose.process}; ${hint}${hint.endsWith('?') ? '' : '.'}`,
          ...(meant === undefined ? {} : { fix: replaceWord(context, path, meant) }),
        },
      ];
    });
  },
};

const noReplica: Rule = {
  code: 'manifest/no-replica',
  severity: 'warning',
  summary: 'A process that a route leads to has at least one replica.',
  check({ text }) {
    const names = processNamesOf(text) ?? [];
    const routed = new Set(exposesOf(text).map((expose) => expose.process ?? primaryOf(names)));
    return names
      .filter((name) => routed.has(name) && text.processes?.[name]?.count === 0)
      .map((name) => ({
        path: ['processes', name, 'count'],
        message: `No replica of ${name} runs, but a port of it is exposed: visitors get an error; set count to 1 or more.`,
      }));
  },
};

const forwardAlone: Rule = {
  code: 'manifest/forward-alone',
  severity: 'error',
  summary: 'A forward has a name, an environment and nothing that belongs to a container.',
  check(context) {
    const root = context.nodeAt([]);
    if (!context.text.forward || root?.kind !== 'map') return [];
    const allowed = ['version', 'name', 'environment', 'forward'];
    return Object.keys(context.text)
      .filter((key) => !allowed.includes(key) && context.nodeAt([key]))
      .map((key) => ({
        path: [key],
        onKey: true,
        message: `${key} can not stand beside forward: a forward runs nothing; remove ${key}, or remove forward.`,
        related: [{ path: ['forward'], message: 'The forward is here.' }],
      }));
  },
};

export const networkRules: readonly Rule[] = [
  portTwice,
  domainTwice,
  httpOnly,
  withoutDomain,
  healthcheckPort,
  exposeProcess,
  noReplica,
  forwardAlone,
];

/** http is tcp, too; two http routes may share a port when their paths differ. */
function samePort(one: ExposeView, other: ExposeView, primary: string): boolean {
  if (one.port !== other.port || (one.process ?? primary) !== (other.process ?? primary)) return false;
  if (one.proto === 'http' && other.proto === 'http') return one.prefix === other.prefix;
  return (one.proto === 'udp') === (other.proto === 'udp');
}

/** Every item whose key was there before, with the first that has it. */
export function repeated<Item>(items: readonly Item[], keyOf: (item: Item) => string): [item: Item, first: Item][] {
  const firsts = new Map<string, Item>();
  return items.flatMap((item): [Item, Item][] => {
    const first = firsts.get(keyOf(item));
    if (first === undefined) firsts.set(keyOf(item), item);
    return first === undefined ? [] : [[item, first]];
  });
}

/** A fix that puts a plain word in the place of a value, in quotes where the old one was. */
export function replaceWord(context: RuleContext, path: Path, word: string): NonNullable<RuleFinding['fix']> {
  const span = context.spanOf(path);
  const quoted = /^["']/.test(context.source.slice(...span));
  return {
    title: `Change to ${word}`,
    edits: [{ span, newText: quoted || context.json ? JSON.stringify(word) : word }],
  };
}
