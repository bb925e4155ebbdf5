/** From the words on the command line to a plan, or to everything that is wrong with the manifest. */
import { formatDiagnostics, tellable } from 'minicloud-shared/manifest/format';
import type { Diagnostic } from 'minicloud-shared/manifest/model';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { appNamePattern } from 'minicloud-shared/model/app';
import type { Plan } from 'minicloud-shared/model/plan';
import type { Api } from './api.ts';
import type { Command, Context } from './command.ts';
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
 * Reads the manifest here first: what is wrong with it is told without a server. `plan` is undefined when there are
 * errors, which have been printed then, as have warnings.
 */
export async function makePlan(
  context: Context,
  connect: () => Promise<Api>,
): Promise<Planned & { api: Api | undefined }> {
  const found = await findSource(context.args.positionals[0], context.args.text('image'), context.cwd);
  const { manifest, fileName } = found.source;
  if (!context.json) for (const note of found.notes) context.err.print([note]);
  if (manifest !== undefined) {
    const local = parseManifestDocument(manifest, fileName === undefined ? {} : { fileName });
    if (!local.manifest) {
      const name = local.context.text.name;
      const api = await connect().catch(() => undefined);
      printDiagnostics(context, found, tellable(local.diagnostics), await stillServes(api, name));
      return { found, plan: undefined, diagnostics: local.diagnostics, api };
    }
  }
  const api = await connect();
  const words = {
    text: 'Making the plan',
    hint: '(the server may have to fetch the image)',
    interrupted: 'Nothing was changed.',
  };
  const { plan, diagnostics } = await waiting(context, words, (signal) =>
    api.plans.create.mutate(found.source, { signal }),
  );
  const name = manifest === undefined ? undefined : parseManifestDocument(manifest).context.text.name;
  const told = tellable(diagnostics);
  if (told.length > 0) printDiagnostics(context, found, told, plan ? undefined : await stillServes(api, name));
  return { found, plan, diagnostics, api };
}

/** The manifest of an image or app is not here, so that its lines can't be shown. */
function printDiagnostics(
  context: Context,
  found: FoundSource,
  diagnostics: readonly Diagnostic[],
  still: string | undefined,
): void {
  if (context.json) return;
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
