/** Who may import whom, as tables. What is not allowed here is forbidden. */
import { type Import, importsOf, type Source } from './scan.ts';

/** Nouns of the server, each of which may use those before it, and only by their door. */
const nouns = [
  'settings',
  'access',
  'apps',
  'releases',
  'domains',
  'certificates',
  'registries',
  'configs',
  'processes',
  'services',
  'volumes',
  'trash',
  'routes',
  'metrics',
  'terminals',
  'forwards',
  'proposals',
  'builds',
  'backups',
  'jobs',
  'nodes',
  'logs',
  'events',
  'overview',
  'keys',
  'system',
];

/** Files of a noun that others may import besides `<noun>/<noun>.ts`. */
const moreDoors: Record<string, readonly string[]> = {
  // One-time codes, which are redeemed for tokens.
  access: ['codes.ts'],
  // Not a use case but the key pair that signs; `context.ts` holds one.
  certificates: ['authority.ts'],
  // How the rules of the network, which follow from the services, are held.
  services: ['firewall.ts'],
  // What people see of one app is as long as what they see of all.
  overview: ['detail.ts'],
};

/** The server from the inside out: a layer's files, and the layers that it may import besides itself. */
const serverLayers: { name: string; files: RegExp; may: readonly string[] }[] = [
  { name: 'schema', files: /^(schema|migrations)\.ts$|^migrations\//, may: ['platform'] },
  { name: 'platform', files: /^platform\//, may: ['schema'] },
  { name: 'contract', files: /^adapters\/\w+\/contract\.ts$/, may: [] },
  { name: 'adapter', files: /^adapters\/\w+\//, may: ['contract', 'platform'] },
  { name: 'images', files: /^images\//, may: ['contract', 'platform'] },
  { name: 'config', files: /^config\.ts$/, may: ['platform'] },
  { name: 'context', files: /^context\.ts$/, may: ['contract', 'platform', 'schema', 'config', 'noun'] },
  {
    name: 'noun',
    files: new RegExp(`^(${nouns.join('|')})/`),
    may: ['contract', 'platform', 'schema', 'config', 'context', 'noun'],
  },
  { name: 'deploy', files: /^deploy\//, may: ['contract', 'platform', 'schema', 'config', 'context', 'noun'] },
  { name: 'api', files: /^api\//, may: ['contract', 'platform', 'config', 'context', 'noun', 'deploy'] },
  {
    name: 'cloud',
    files: /^cloud\.ts$/,
    may: ['contract', 'adapter', 'images', 'platform', 'schema', 'config', 'context', 'noun', 'deploy'],
  },
  {
    name: 'main',
    files: /^(start|main|companion|ready|uninstall[\w-]*)\.ts$/,
    may: ['cloud', 'contract', 'api', 'deploy', 'noun', 'context', 'config', 'platform'],
  },
  { name: 'cli', files: /^cli\//, may: [] },
];

/** Types that clients may see of the server, and nothing else of it. */
const routerType = /^minicloud-server\/router$|^server\/src\/api\/router\.ts$/;

/** What is wrong with the imports of one source, as sentences. Tests and conformance suites may import what they test. */
export function importProblems(source: Source): string[] {
  if (isTest(source.file)) return [];
  const imports = importsOf(source);
  const { file } = source;
  if (file.startsWith('shared/src/')) return imports.flatMap((found) => sharedProblem(file, found));
  if (file.startsWith('server/src/')) return serverProblems(file, imports);
  if (file.startsWith('extension/')) return imports.flatMap((found) => extensionProblem(file, found));
  if (file.startsWith('server/dashboard/'))
    return imports.flatMap((found) => clientProblem('the dashboard', 'server/dashboard/', found));
  return [];
}

export function isTest(file: string): boolean {
  return /\.test\.ts$|(^|\/)conformance[\w-]*\.ts$|^test\//.test(file);
}

function sharedProblem(file: string, { target, relative }: Import): string[] {
  if (relative) return target.startsWith('shared/src/') ? [] : [`shared imports ${target}, outside of itself`];
  const packages = file.startsWith('shared/src/client/')
    ? /^(zod|yaml|@trpc\/(client|server)|eventsource|minicloud-server\/router)(\/|$)/
    : file.startsWith('shared/src/env-lint/')
      ? /^ignore$/
      : /^(zod|yaml)$/;
  return packages.test(target) ? [] : [`shared is pure, and imports ${target}`];
}

function extensionProblem(file: string, found: Import): string[] {
  const problems = clientProblem('the extension', 'extension/', found);
  if (file.startsWith('extension/language-server/') && found.target === 'vscode') {
    problems.push('the language server imports vscode');
  }
  return problems;
}

/** Clients see the server as a type. */
function clientProblem(who: string, home: string, { target, relative, typeOnly }: Import): string[] {
  if (routerType.test(target)) return typeOnly ? [] : [`${who} imports the router for more than its type`];
  if (/^minicloud-server/.test(target)) return [`${who} imports ${target} of the server`];
  if (relative && !target.startsWith(home)) return [`${who} imports ${target}, outside of itself`];
  return [];
}

function serverProblems(file: string, imports: readonly Import[]): string[] {
  const own = file.slice('server/src/'.length);
  const from = layerOf(own);
  if (!from) return ['the file is in no layer of test/architecture/layers.ts'];
  return imports.flatMap((found) => {
    const { target, relative, typeOnly } = found;
    if (from.name === 'cli') {
      const inside = target.startsWith('server/src/cli/');
      return inside ? [] : clientProblem('the command line', 'server/src/cli/', found);
    }
    if (!relative)
      return /^(vscode|minicloud|minicloud-server)($|\/)/.test(target) ? [`the server imports ${target}`] : [];
    if (!target.startsWith('server/src/')) return [`the server imports ${target}, outside of its sources`];
    const aim = target.slice('server/src/'.length);
    const to = layerOf(aim);
    if (!to) return [`${aim} is in no layer`];
    if (from.name === 'adapter' && to.name === 'adapter') {
      return folderOf(own) === folderOf(aim) ? [] : [`an adapter imports another one, ${aim}`];
    }
    // A contract may speak in the words of another.
    if (from.name === 'contract' && to.name === 'contract')
      return typeOnly ? [] : [`a contract imports more than types of ${aim}`];
    if (from.name === 'noun' && to.name === 'noun') return nounProblem(own, aim);
    if (from.name === to.name) return [];
    if (!from.may.includes(to.name)) return [`${from.name} imports ${to.name} (${aim})`];
    if (to.name === 'noun' && from.name !== 'api') return doorProblem(from.name, aim);
    if (to.name === 'noun') return /\/router\.ts$/.test(aim) ? [] : doorProblem(from.name, aim);
    return [];
  });
}

function nounProblem(own: string, aim: string): string[] {
  const [from = '', to = ''] = [own, aim].map((file) => file.split('/')[0]);
  if (from === to) return [];
  if (nouns.indexOf(to) > nouns.indexOf(from)) return [`${from} imports ${to}, which comes after it`];
  return doorProblem(from, aim);
}

function doorProblem(from: string, aim: string): string[] {
  const [noun = '', file = ''] = aim.split('/');
  const doors = [`${noun}.ts`, ...(moreDoors[noun] ?? [])];
  return doors.includes(file) ? [] : [`${from} reaches into ${noun} by ${file}, not by ${noun}.ts`];
}

function layerOf(file: string) {
  return serverLayers.find((layer) => layer.files.test(file));
}

function folderOf(file: string): string {
  return file.split('/').slice(0, 2).join('/');
}
