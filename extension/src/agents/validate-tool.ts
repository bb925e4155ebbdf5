/** A tool for language models: what the manifest in the editor is told by the rules that the server has too. */
import { type Disposable, LanguageModelTextPart, LanguageModelToolResult, lm, Uri, workspace } from 'vscode';
import { findManifest, isManifest } from '../deploy/manifest-source.ts';
import type { LanguageService } from '../language/language-service.ts';

export const validateToolName = 'minicloud_validateManifest';

interface Input {
  /** From the workspace's folder on; the manifest in the editor, or the workspace's only one, when it is left out. */
  path?: string;
}

/** More than this many findings help nobody. */
const mostFindings = 100;

export function registerValidateTool(language: LanguageService): Disposable[] {
  if (typeof lm.registerTool !== 'function') return [];
  return [
    lm.registerTool<Input>(validateToolName, {
      prepareInvocation: () => ({ invocationMessage: 'Checking the manifest' }),
      async invoke({ input }) {
        const uri = await manifestAt(input.path);
        if (!uri) return result('There is no cloud_manifest.yml at that place in this workspace.');
        const found = await language.diagnose(uri);
        const name = workspace.asRelativePath(uri);
        if (found.length === 0) return result(`${name}: no problems.`);
        const lines = found
          .slice(0, mostFindings)
          .map(
            ({ line, character, severity, message, code }) =>
              `${name}:${line + 1}:${character + 1}: ${severity}: ${message} [${code}]`,
          );
        const more = found.length - lines.length;
        return result([...lines, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n'));
      },
    }),
  ];
}

/** Only manifests of this workspace: a model names paths as it likes. */
async function manifestAt(path: string | undefined): Promise<Uri | undefined> {
  if (path === undefined || path === '') return findManifest(undefined, () => {});
  const folders = workspace.workspaceFolders ?? [];
  for (const { uri } of folders) {
    const at = Uri.joinPath(uri, path);
    const inside = at.path.startsWith(`${uri.path.replace(/\/$/, '')}/`);
    if (!inside || !isManifest(at)) continue;
    const there = await workspace.fs.stat(at).then(
      () => true,
      () => false,
    );
    if (there) return at;
  }
  return undefined;
}

function result(text: string): LanguageModelToolResult {
  return new LanguageModelToolResult([new LanguageModelTextPart(text)]);
}
