/** Rules that need to know the server. They say nothing while its facts are incomplete: not known is not wrong. */
import { normalizeDomain } from './domain.ts';
import { missingFeatures } from './features.ts';
import type { Diagnostic, Manifest, ServerFacts } from './model.ts';
import type { ManifestDocument } from './parse.ts';
import { parsePath } from './path.ts';
import { toDiagnostics } from './report.ts';
import { reservedDomain } from './reserved-domain.ts';
import { placed, type Rule, type RuleContext, type RuleFinding } from './rules.ts';
import { closest } from './suggest.ts';
import { isSuppressed } from './suppress.ts';
import { domainsOf, exposesOf } from './view.ts';

export interface ServerContext extends RuleContext {
  manifest: Manifest;
  facts: ServerFacts;
}

export interface ServerRule extends Omit<Rule, 'check'> {
  check(context: ServerContext): RuleFinding[];
}

const domainOwned: ServerRule = {
  code: 'manifest/domain-owned',
  severity: 'error',
  summary: 'A domain belongs to one app of the server.',
  check({ text, manifest, facts }) {
    const wanted = [
      ...exposesOf(text).flatMap((expose) => expose.domains),
      ...domainsOf(text.forward?.domains, ['forward', 'domains']),
    ];
    const given = `${manifest.name}.${facts.serverDomain}`;
    const nameless =
      manifest.kind === 'forward'
        ? manifest.forward.domains.length === 0
        : manifest.expose.some((expose) => expose.proto === 'http' && expose.domains.length === 0);
    if (nameless && facts.serverDomain !== '') wanted.push({ name: given, path: ['name'] });
    return wanted.flatMap(({ name, path }): RuleFinding[] => {
      const mine = facts.domains.some((domain) => domain.app === manifest.name && normalizedName(domain.name) === name);
      const reserved = mine ? undefined : reservedDomain(name, manifest.name, facts.serverDomain);
      if (reserved !== undefined) return [{ path, message: `${reserved}; choose another name.` }];
      const owner = ownerOf(name, manifest.name, facts);
      return owner === undefined
        ? []
        : [
            {
              path,
              message: `${name} belongs to the app ${owner} already; choose another name, or remove it there first.`,
            },
          ];
    });
  },
};

const secretValue: ServerRule = {
  code: 'manifest/secret-value',
  severity: 'error',
  summary: 'Every secret has a value on the server.',
  check({ text, manifest, facts }) {
    // Where there are no secrets at all, that one has no value is no news.
    if (!facts.features.includes('secrets')) return [];
    const known = facts.secrets[manifest.name] ?? [];
    const vars = facts.config?.[manifest.name] ?? [];
    // Who sees no app of this name may see none at all; then the switch does no harm.
    const create = facts.apps.includes(manifest.name) ? '' : ' --create';
    return (text.secrets ?? []).flatMap((name, index): RuleFinding[] => {
      if (name === undefined || known.includes(name)) return [];
      if (vars.includes(name)) {
        const message = `${name} is a config var on the server, which every process has by itself; remove it here, or unset it and set it as a secret.`;
        return [{ path: ['secrets', index], message }];
      }
      const meant = closest(name, known);
      const hint = meant === undefined ? '' : ` There is ${meant}.`;
      return [
        {
          path: ['secrets', index],
          message: `The secret ${name} has no value on the server; set it before you deploy: minicloud secrets:set ${manifest.name} ${name}${create}.${hint}`,
        },
      ];
    });
  },
};

const notAvailable: ServerRule = {
  code: 'manifest/not-available',
  severity: 'error',
  summary: 'The server can do what the manifest asks for.',
  check({ manifest, facts, nodeAt }) {
    const missing = missingFeatures(manifest, facts.features, (path) => nodeAt(path) !== undefined);
    return missing.map(({ path, label, remedy }) => ({
      path: parsePath(path),
      message: `Not available on this server yet: ${path} (${label}); remove it, or ${remedy}.`,
    }));
  },
};

const appFull: ServerRule = {
  code: 'manifest/app-full',
  severity: 'error',
  summary: 'The containers of an app fit into its network.',
  check({ manifest, facts }) {
    if (manifest.kind !== 'container' || !facts.room) return [];
    const { room } = facts;
    const found: RuleFinding[] = [];
    const replicas = manifest.processes.reduce((sum, { count }) => sum + count, 0);
    const [largest] = [...manifest.processes].sort((a, b) => b.count - a.count);
    if (replicas > room.replicas && largest) {
      found.push({
        path: ['processes', largest.name, 'count'],
        message: `The processes ask for ${replicas} replicas; an app has room for ${room.replicas} on this server, as a deploy has the old and the new ones side by side. Ask for fewer.`,
      });
    }
    const beyond = manifest.support[room.support];
    if (beyond) {
      found.push({
        path: ['support', beyond.name],
        onKey: true,
        message: `There are ${manifest.support.length} support containers; an app has room for ${room.support} on this server. Take some out.`,
      });
    }
    return found;
  },
};

const placementUnknown: ServerRule = {
  code: 'manifest/placement-unknown',
  severity: 'warning',
  summary: 'Placement near and apart names apps of the server.',
  check({ text, facts }) {
    return (['near', 'apart'] as const).flatMap((key): RuleFinding[] => {
      const app = text.placement?.[key];
      if (app === undefined || facts.apps.includes(app)) return [];
      const meant = closest(app, facts.apps);
      return [
        {
          path: ['placement', key],
          message: `There is no app ${app} on the server${meant === undefined ? '' : `; did you mean ${meant}?`}${meant === undefined ? ', so this has no effect yet; check the name.' : ''}`,
        },
      ];
    });
  },
};

export const serverRules: readonly ServerRule[] = [domainOwned, secretValue, notAvailable, appFull, placementUnknown];

/**
 * What the server's facts say against a manifest; empty while they are incomplete or the manifest has errors of its
 * own. Freshness is the caller's to judge: nothing here knows the time.
 */
export function checkAgainstServer(document: ManifestDocument, facts: ServerFacts | undefined): Diagnostic[] {
  const { manifest, context } = document;
  if (!facts?.complete || !manifest) return [];
  const serverContext: ServerContext = { ...context, manifest, facts };
  const findings = serverRules.flatMap((rule) =>
    rule.check(serverContext).map((found) => placed(rule, found, serverContext)),
  );
  return toDiagnostics(context.source, document.lines, findings).filter(
    ({ code, severity, range }) =>
      !isSuppressed(document.suppressions, { code, line: range.start.line, opinion: severity !== 'error' }),
  );
}

/** The app that has a name already. */
function ownerOf(name: string, app: string, facts: ServerFacts): string | undefined {
  return facts.domains.find((domain) => domain.app !== app && normalizedName(domain.name) === name)?.app;
}

function normalizedName(name: string): string {
  const result = normalizeDomain(name);
  return result.ok ? result.name : name;
}
