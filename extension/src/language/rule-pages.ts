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
import {
  disableRuleCommand,
  docsScheme,
  rulePageOf,
  showDocumentationCommand,
} from '../../language-server/server/protocol.ts';
import { driftPage } from '../plan/drift.ts';
import { showError } from '../problems.ts';

/** Pages of the manifest's keys and rules, where hovers and codes link to, and what switches a rule off. */
export function createRulePages({ extensionUri }: ExtensionContext, output: LogOutputChannel): Disposable[] {
  return [
    workspace.registerTextDocumentContentProvider(docsScheme, {
      async provideTextDocumentContent({ path }) {
        const [, kind, name] = /^\/(keys|rules)\/([A-Za-z_.-]*)\.md$/.exec(path) ?? [];
        if (kind === undefined || name === undefined) return noPage();
        // No rule of the manifest language, which knows no server.
        if (kind === 'rules' && name === 'drift') return driftPage(l10n.t);
        const all = await workspace.fs.readFile(Uri.joinPath(extensionUri, 'dist', `manifest-${kind}.md`));
        return pageOf(new TextDecoder().decode(all), name);
      },
    }),
    // For the language server's links and quick fixes, so in no palette.
    commands.registerCommand(showDocumentationCommand, (page: unknown) => {
      if (typeof page !== 'string' || !/^(keys|rules)\/[A-Za-z_.-]*$/.test(page)) return undefined;
      return commands.executeCommand('markdown.showPreview', Uri.parse(`${docsScheme}:/${page}.md`));
    }),
    commands.registerCommand(disableRuleCommand, (code: unknown) =>
      disable(code).catch((error: unknown) => showError(output, error)),
    ),
  ];
}

/** Where the page of a code is. */
export function rulePage(code: string): Uri {
  return Uri.parse(rulePageOf(code));
}

/** The part about one key or rule, as a page of its own; all of it without a name. */
function pageOf(all: string, name: string): string {
  if (name === '') return all;
  const [, body] = all.split(`\n## ${name}\n`);
  return body === undefined ? noPage() : `# ${name}\n${body.split('\n## ')[0]?.trimEnd()}\n`;
}

function noPage(): string {
  return l10n.t('There is no page about this.');
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
