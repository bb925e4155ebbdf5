import {
  ConfigurationTarget,
  commands,
  type Disposable,
  type ExtensionContext,
  type LogOutputChannel,
  l10n,
  Uri,
  workspace,
} from 'vscode';
import { disableRuleCommand, docsScheme, rulePageOf } from '../../language-server/server/protocol.ts';
import { showError } from '../problems.ts';

/** Pages of the manifest's rules, where a diagnostic's code links to, and what switches a rule off. */
export function createRulePages({ extensionUri }: ExtensionContext, output: LogOutputChannel): Disposable[] {
  return [
    workspace.registerTextDocumentContentProvider(docsScheme, {
      async provideTextDocumentContent({ path }) {
        const all = await workspace.fs.readFile(Uri.joinPath(extensionUri, 'dist', 'manifest-rules.md'));
        return pageOf(new TextDecoder().decode(all), /([a-z-]+)\.md$/.exec(path)?.[1] ?? '');
      },
    }),
    // For the language server's quick fix, so in no palette.
    commands.registerCommand(disableRuleCommand, (code: unknown) =>
      disable(code).catch((error: unknown) => showError(output, error)),
    ),
  ];
}

/** Where the page of a code is. */
export function rulePage(code: string): Uri {
  return Uri.parse(rulePageOf(code));
}

/** The part about one rule, as a page of its own. */
function pageOf(all: string, rule: string): string {
  const [, body] = all.split(`\n## ${rule}\n`);
  if (rule === '' || body === undefined) return l10n.t('There is no page about this.');
  return `# ${rule}\n${body.split('\n## ')[0]?.trimEnd()}\n`;
}

/** In the folder's settings when there is a folder: a rule is put to rest for a project, not for a person. */
async function disable(code: unknown): Promise<void> {
  if (typeof code !== 'string' || !/^manifest\/[a-z-]+$/.test(code)) return;
  const configuration = workspace.getConfiguration('minicloud.manifest');
  const target = workspace.workspaceFolders?.length ? ConfigurationTarget.Workspace : ConfigurationTarget.Global;
  const said = configuration.inspect<Record<string, string>>('severity');
  const before = target === ConfigurationTarget.Workspace ? said?.workspaceValue : said?.globalValue;
  await configuration.update('severity', { ...before, [code]: 'off' }, target);
}
