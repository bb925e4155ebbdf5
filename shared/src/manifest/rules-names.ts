/** Rules about names that are taken: by what an app needs, by the machine, by Minicloud. */
import type { Path } from './path.ts';
import type { Rule, RuleFinding } from './rules.ts';
import { exposesOf, needsOf, primaryOf, processNamesOf } from './view.ts';

/** The host names by which an app reaches what it needs. A database of its kind has the name of its engine. */
const needHosts: Partial<Record<string, string>> = { messagebus: 'rabbitmq', cache: 'redis', database: 'mariadb' };

const reservedName: Rule = {
  code: 'manifest/reserved-name',
  severity: 'error',
  summary: 'No process or support container is called localhost, or like a service that the app needs.',
  check(context) {
    const { text, nodeAt } = context;
    const taken = new Map<string, { message: string; path?: Path }>([
      ['localhost', { message: 'every container calls itself so' }],
    ]);
    for (const { kind, path } of needsOf(context)) {
      const need = text.needs?.[Number(path[1])];
      const engine = typeof need === 'object' && 'database' in need ? need.database?.engine : undefined;
      const host = engine ?? needHosts[kind];
      if (host !== undefined && !taken.has(host))
        taken.set(host, { message: `it is the host of needs: ${kind}`, path });
    }
    return (['processes', 'support'] as const).flatMap((section) =>
      Object.keys(text[section] ?? {})
        .filter((name) => taken.has(name) && nodeAt([section, name]))
        .map((name): RuleFinding => {
          const owner = taken.get(name);
          return {
            path: [section, name],
            onKey: true,
            message: `The name ${name} is taken in the network of the app: ${owner?.message}; choose another one.`,
            ...(owner?.path ? { related: [{ path: owner.path, message: `${name} is brought by this.` }] } : {}),
          };
        }),
    );
  },
};

const reservedEnv: Rule = {
  code: 'manifest/reserved-env',
  severity: 'error',
  summary: 'Variables that begin with MINICLOUD_ are set by Minicloud alone.',
  check(context) {
    const { text } = context;
    const names: { name: string; path: Path; onKey: boolean }[] = [
      ...Object.keys(text.env ?? {}).map((name) => ({ name, path: ['env', name], onKey: true })),
      ...(text.secrets ?? []).flatMap((name, index) =>
        name === undefined ? [] : [{ name, path: ['secrets', index], onKey: false }],
      ),
      ...needsOf(context).flatMap(({ env }) => (env ? [{ ...env, onKey: false }] : [])),
    ];
    return names
      .filter(({ name }) => /^MINICLOUD_/i.test(name))
      .map(({ name, path, onKey }) => ({
        path,
        onKey,
        message: `${name} is one of the variables that Minicloud sets; choose another name, or remove it.`,
      }));
  },
};

const envPort: Rule = {
  code: 'manifest/env-port',
  severity: 'warning',
  summary: 'PORT, which most frameworks listen on, is a port that is exposed.',
  check({ text, spanOf, nodeAt }) {
    const said = text.env?.PORT;
    const names = processNamesOf(text);
    if (said === undefined || !names || !/^\d{1,5}$/.test(String(said))) return [];
    const primary = primaryOf(names);
    const exposes = exposesOf(text).filter(
      (expose) => expose.proto !== 'udp' && (expose.process ?? primary) === primary,
    );
    // A port that could not be read may be the very one.
    if (exposes.length === 0 || exposes.some((expose) => expose.port === undefined)) return [];
    if (exposes.some((expose) => expose.port === Number(said))) return [];
    const [first] = exposes;
    const path = ['env', 'PORT'];
    const node = nodeAt(path);
    const quoted = node?.kind === 'scalar' && !node.plain;
    return [
      {
        path,
        message: `PORT is ${said}, but what is exposed is ${exposes.map((expose) => expose.port).join(', ')}; make them the same, or remove PORT: the exposed port is set by itself.`,
        related: exposes.map((expose) => ({ path: [...expose.path, 'port'], message: 'This port is exposed.' })),
        fix: {
          title: `Change to ${first?.port}`,
          edits: [{ span: spanOf(path), newText: quoted ? `"${first?.port}"` : String(first?.port) }],
        },
      },
    ];
  },
};

export const nameRules: readonly Rule[] = [reservedName, reservedEnv, envPort];
