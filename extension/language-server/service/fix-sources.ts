/** Fixes for variables that the source reads and nothing sets, and the other way around. */
import { productionValues } from 'minicloud-shared/env-lint/well-known';
import type { Fix } from 'minicloud-shared/manifest/model';
import { needOf, unsetVariables } from 'minicloud-shared/manifest/source-rules';
import type { FixContext, Fixer } from './fix.ts';

/** Names whose values nobody should read in a file. */
const hidden = /(^|_)(KEY|TOKEN|SECRET|PASS|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|DSN|PRIVATE|SALT)(_|$)/;

const envUnset: Fixer = (context) => {
  const { draft, path, facts, document, sources } = context;
  const [, name] = path;
  // Many at once: these come one by one when those before them are set.
  if (typeof name !== 'string') return [];
  const need = needOf(name);
  const literal = sources?.reads.find((read) => read.name === name && typeof read.fallback === 'string')?.fallback;
  const value = productionValues.get(name) ?? (typeof literal === 'string' ? literal : '');
  const toEnv = added(context, { [name]: value }, `Add ${name} to env`);
  const toSecrets = draft().push(['secrets'], name).fix(`Add ${name} to secrets`);
  const known = facts?.secrets[document.context.text.name ?? '']?.includes(name);
  const secretFirst = known || hidden.test(name);
  return [
    need && draft().push(['needs'], need).fix(`Add ${need} to needs`),
    ...(secretFirst ? [toSecrets, toEnv] : [toEnv, toSecrets]),
  ];
};

/** The defaults of the source, written where they can be seen. Nothing is offered while one of them is worked out. */
const envDefault: Fixer = (context) => {
  const { document, sources, facts } = context;
  if (!sources) return [];
  const unset = unsetVariables({ ...document.context, sources, facts }).filter(({ required }) => required.length === 0);
  const values = unset.flatMap(({ name, reads }): [string, string][] => {
    const texts = new Set(reads.map(({ fallback }) => fallback));
    const [text] = texts;
    return texts.size === 1 && typeof text === 'string' ? [[name, text]] : [];
  });
  if (values.length < unset.length) return [];
  return [added(context, Object.fromEntries(values), `Write the default${values.length === 1 ? '' : 's'} into env`)];
};

function added({ draft, document }: FixContext, values: Record<string, string>, title: string): Fix | undefined {
  if (!document.context.nodeAt(['env'])) return draft().add([], 'env', values).fix(title);
  const all = Object.entries(values).reduce((change, [name, value]) => change.add(['env'], name, value), draft());
  return all.fix(title);
}

export const sourceFixers: Readonly<Record<string, Fixer>> = {
  'manifest/env-unset': envUnset,
  'manifest/env-default': envDefault,
  'manifest/env-unread': ({ draft, path }) => [
    draft()
      .remove(path)
      .fix(`Remove ${path[0] === 'env' ? path[1] : 'this secret'}`),
  ],
};
