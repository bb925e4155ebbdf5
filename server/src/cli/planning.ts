/** From the words on the command line to a plan, or to everything that is wrong with the manifest. */
import type { Diagnostic } from 'minicloud-shared/manifest/model';
import { appNamePattern } from 'minicloud-shared/model/app';
import type { Plan } from 'minicloud-shared/model/plan';
import type { Api } from './api.ts';
import type { Command, Context } from './command.ts';
import { Interrupted } from './exit-codes.ts';
import { textLines } from './screen.ts';
import { type FoundSource, findSource } from './source.ts';
import { waiting } from './waiting.ts';

/** How every command that takes a source is told which: `makePlan` reads these. */
export const sourceWords = {
  positionals: [{ name: 'FOLDER | NAME', required: false, complete: 'folder' }],
  options: {
    image: {
      type: 'string',
      value: 'IMAGE',
      complete: 'none',
      help: "image to run; wins over the manifest's `image:`",
    },
  },
} as const satisfies Pick<Command, 'positionals' | 'options'>;

export interface Planned {
  found: FoundSource;
  plan: Plan | undefined;
  diagnostics: Diagnostic[];
}

/**
 * The server reads the manifest, with the rules that are here too: they are loaded only where it can't be asked, as
 * what is wrong with a manifest is told without a server. `plan` is undefined when there are errors, which have been
 * printed then, as have warnings.
 */
export async function makePlan(
  context: Context,
  connect: () => Promise<Api>,
): Promise<Planned & { api: Api | undefined }> {
  const found = await findSource(context.args.positionals[0], context.args.text('image'), context.cwd);
  if (!context.json) for (const note of found.notes) context.err.print([note]);
  let api: Api | undefined;
  try {
    api = await connect();
    const { plan, diagnostics } = await ask(context, api, found);
    if (plan) await tell(context, found, diagnostics);
    else await tell(context, found, diagnostics, await stillServes(api, (await readHere(found))?.context.text.name));
    return { found, plan, diagnostics, api };
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    const local = await readHere(found);
    if (!local || local.manifest) throw error;
    await tell(context, found, local.diagnostics, await stillServes(api, local.context.text.name));
    return { found, plan: undefined, diagnostics: local.diagnostics, api };
  }
}

function ask(context: Context, api: Api, { source }: FoundSource) {
  const words = {
    text: 'Making the plan',
    hint: '(the server may have to fetch the image)',
    interrupted: 'Nothing was changed.',
  };
  return waiting(context, words, (signal) => api.plans.create.mutate(source, { signal }));
}

/** Undefined where the manifest is not here: that of an image, or of an app. */
async function readHere({ source: { manifest, fileName } }: FoundSource) {
  if (manifest === undefined) return undefined;
  const { parseManifestDocument } = await import('minicloud-shared/manifest/parse');
  return parseManifestDocument(manifest, fileName === undefined ? {} : { fileName });
}

/** The manifest of an image or app is not here, so that its lines can't be shown. `still`: the case after a refusal. */
async function tell(context: Context, found: FoundSource, all: readonly Diagnostic[], still?: string): Promise<void> {
  if (context.json || all.length === 0) return;
  const { formatDiagnostics, tellable } = await import('minicloud-shared/manifest/format');
  const diagnostics = tellable(all);
  if (diagnostics.length === 0) return;
  const text = found.source.manifest;
  const file = found.file ?? 'cloud_manifest.yml';
  const shown =
    text === undefined
      ? diagnostics
          .map(
            ({ range, code, message }) =>
              `${file}:${range.start.line + 1}:${range.start.character + 1}  ${code}  ${message}`,
          )
          .join('\n')
      : formatDiagnostics(text, file, diagnostics, still);
  context.err.print(...textLines(shown));
}

/** What is the case after a refusal, as far as the server can be asked. */
async function stillServes(api: Api | undefined, name: string | undefined): Promise<string> {
  const unchanged = 'Nothing was changed.';
  if (!api || name === undefined || !appNamePattern.test(name)) return unchanged;
  try {
    const { release, state } = await api.apps.get.query({ name }, { signal: AbortSignal.timeout(3_000) });
    const serves = release !== undefined && (state === 'running' || state === 'degraded');
    return serves ? `${unchanged} Release ${release} of "${name}" still serves.` : unchanged;
  } catch {
    return unchanged;
  }
}
