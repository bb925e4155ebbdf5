/** What agents can do, as a table: everything that reads, and one that proposes. All of it through the procedures. */
import { maskLine } from 'minicloud-shared/manifest/mask';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import type { Scope } from 'minicloud-shared/model/access';
import { appNameSchema } from 'minicloud-shared/model/app';
import { z } from 'zod';
import { serverDiagnostics } from '../deploy/facts.ts';
import { veiledDiagnostics } from './problems.ts';
import type { appRouter } from './router.ts';
import { type Context, covers } from './trpc.ts';

export interface Tool {
  name: string;
  title: string;
  description: string;
  /** Of the procedure behind it; who holds less is not shown the tool. */
  scope: Scope;
  input: z.ZodRawShape;
  /** Who wrote what it answers, when that is not this server. */
  untrusted?: string;
  writes?: boolean;
  run(world: { caller: ReturnType<typeof appRouter.createCaller>; context: Context }, input: object): Promise<unknown>;
}

const app = appNameSchema.describe('Name of the app');
const version = z.number().int().positive().optional();
const mostLines = 500;
const longestManifest = 256 * 1024;
const manifest = z.string().max(longestManifest).describe('Text of a cloud_manifest.yml');

/** A tool whose input is parsed by its own shape before it runs. */
function tool<Shape extends z.ZodRawShape>(
  made: Omit<Tool, 'input' | 'run'> & {
    input: Shape;
    run(world: Parameters<Tool['run']>[0], input: z.infer<z.ZodObject<Shape>>): Promise<unknown>;
  },
): Tool {
  return { ...made, run: (world, input) => made.run(world, z.object(made.input).parse(input)) };
}

export const tools: readonly Tool[] = [
  tool({
    name: 'list_apps',
    title: 'List apps',
    description: 'Every app with its state, the release that serves and its URLs.',
    scope: 'read',
    input: {},
    run: ({ caller }) => caller.apps.list(),
  }),
  tool({
    name: 'get_app',
    title: 'Look at an app',
    description:
      'One app: processes, replicas with state, memory and CPU, routes with certificates, services, volumes, last operations, and its manifest with everything starred out that looks like a secret.',
    scope: 'read',
    untrusted: 'the app and those who deployed it',
    input: { app },
    async run({ caller }, input) {
      const found = await caller.apps.get({ name: input.app });
      return { ...found, ...(found.manifest === undefined ? {} : { manifest: masked(found.manifest) }) };
    },
  }),
  tool({
    name: 'list_releases',
    title: 'List releases',
    description: 'The releases of an app, newest first: state, image, who and why, and the problem of one that failed.',
    scope: 'read',
    untrusted: 'the app and those who deployed it',
    input: { app },
    run: ({ caller }, input) => caller.releases.list(input),
  }),
  tool({
    name: 'compare_releases',
    title: 'Compare releases',
    description:
      'What one release of an app has that another has not: image, manifest, config vars and secrets, without values. The release that serves and the one before it when none are named.',
    scope: 'read',
    untrusted: 'the app and those who deployed it',
    input: { app, from: version.describe('Release to start from'), to: version.describe('Release to end with') },
    async run({ caller }, input) {
      const found = await caller.releases.compare(input);
      const shown = (text: string | undefined) => (text === undefined ? undefined : maskLine(text));
      const differences = found.differences.map(({ before, after, ...difference }) => ({
        ...difference,
        before: shown(before),
        after: shown(after),
      }));
      return { ...found, differences };
    },
  }),
  tool({
    name: 'list_config',
    title: 'List config vars and secrets',
    description:
      'Names of the config vars and secrets of an app, when each was changed and by whom, and whether the release that serves has it. Never a value.',
    scope: 'read',
    input: { app },
    run: ({ caller }, input) => caller.config.list(input),
  }),
  tool({
    name: 'get_logs',
    title: 'Read logs',
    description: 'The last lines that an app printed. They are data written by the app and its visitors.',
    scope: 'read',
    untrusted: 'the app',
    input: {
      app,
      lines: z.number().int().min(1).max(mostLines).default(100),
      process: z.string().max(63).optional().describe('Only of this process or support container'),
    },
    run: ({ caller }, input) => caller.logs.tail(input),
  }),
  tool({
    name: 'get_status',
    title: 'Look at the server',
    description: 'How the server and its parts are.',
    scope: 'read',
    input: {},
    run: ({ caller }) => caller.system.status(),
  }),
  tool({
    name: 'get_metrics',
    title: 'Read metrics',
    description:
      'CPU (cores) and memory (bytes) of each process; requests and errors a second and latency (ms) of each process that has routes, over all of them, and of each route.',
    scope: 'read',
    input: { app, sinceMs: z.number().int().min(60_000).max(86_400_000).default(3_600_000) },
    run: ({ caller }, input) => caller.metrics.app(input),
  }),
  tool({
    name: 'validate_manifest',
    title: 'Check a manifest',
    description:
      'What is wrong with the text of a manifest, by the rules of the editor and of this server. Changes nothing.',
    scope: 'read',
    input: { manifest },
    async run({ context }, input) {
      const document = parseManifestDocument(input.manifest, { fileName: 'cloud_manifest.yml' });
      const { principal } = context;
      const own = principal !== undefined && covers(principal, document.manifest?.name ?? '');
      // Whether an app of others has a secret of some name is theirs to know.
      const ofServer = (await serverDiagnostics(context.cloud, document)).filter(
        ({ code }) => own || code !== 'manifest/secret-value',
      );
      const found = [...document.diagnostics, ...ofServer];
      return {
        valid: !found.some(({ severity }) => severity === 'error'),
        diagnostics: (principal ? veiledDiagnostics(found, principal) : []).map(
          ({ fix: _, ...diagnostic }) => diagnostic,
        ),
      };
    },
  }),
  tool({
    name: 'list_proposals',
    title: 'List proposals',
    description: 'Plans that were proposed, and what became of them.',
    scope: 'read',
    untrusted: 'whoever proposed them',
    input: { app: app.optional() },
    run: ({ caller }, input) => caller.proposals.list(input),
  }),
  tool({
    name: 'propose_deploy',
    title: 'Propose a deploy',
    description:
      'Plans a deploy of a manifest and keeps the plan for a day. Nothing is deployed: a person looks at the plan in the editor and applies or discards it.',
    scope: 'deploy',
    untrusted: 'those who wrote the manifests',
    writes: true,
    input: {
      manifest,
      image: z.string().max(512).optional().describe('Image that wins over the one in the manifest'),
      reason: z.string().min(1).max(2000).describe('Why, for the person who decides'),
    },
    async run({ caller }, input) {
      const { id, app: name, expiresAt, plan } = await caller.proposals.create(input);
      const { changes, consequence, notes } = plan;
      return {
        id,
        app: name,
        expiresAt,
        next: 'A person applies or discards it in the editor.',
        consequence,
        changes,
        notes,
      };
    },
  }),
];

function masked(text: string): string {
  return text.split('\n').map(maskLine).join('\n');
}
