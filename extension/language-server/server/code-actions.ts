/** What can be done at a place of a manifest, as actions of the protocol. */
import type { Diagnostic, Range } from 'minicloud-shared/manifest/model';
import type { CodeAction, CodeActionParams, Diagnostic as LspDiagnostic } from 'vscode-languageserver-protocol';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { type Action, fixAll, fixesOf } from '../service/fix.ts';
import { withSetting } from '../service/set-secret.ts';
import { disablingActions } from '../service/suppress.ts';
import { diagnosticsOf, fixOptions } from './diagnostics.ts';
import type { OpenManifest } from './documents.ts';
import { disableRuleCommand, type SecretToSet, setSecretCommand, toldSource } from './protocol.ts';
import { toLspDiagnostic } from './to-lsp.ts';

export const fixAllKind = 'source.fixAll.minicloud';
export const codeActionKinds = ['quickfix', fixAllKind];

export function codeActions(open: OpenManifest, { range, context }: CodeActionParams): CodeAction[] {
  const wanted = (kind: string): boolean =>
    context.only === undefined || context.only.some((each) => kind === each || kind.startsWith(`${each}.`));
  return [
    ...(wanted('quickfix') ? quickFixes(open, range) : []),
    // Asked for by name only: when saving, or from the menu of sources.
    ...(context.only !== undefined && wanted(fixAllKind) ? mendings(open) : []),
  ];
}

function quickFixes(open: OpenManifest, range: Range): CodeAction[] {
  const { parsed, settings, text, known } = open;
  const fixes = (diagnostic: Diagnostic, told: boolean): Action[] => {
    const edits = fixesOf(parsed, diagnostic, fixOptions(open), told);
    return settings.commands ? withSetting(edits, parsed, diagnostic, known) : edits;
  };
  const own = diagnosticsOf(open);
  const here = own.filter((diagnostic) => touches(diagnostic.range, range));
  const toldHere = open.told.filter((each) => touches(each.range, range) && !own.some((found) => isSame(found, each)));
  const found = here.flatMap((diagnostic) => {
    const actions = [
      ...fixes(diagnostic, false),
      ...disablingActions(parsed, diagnostic).filter(({ disables }) => !disables || settings.commands),
    ];
    return withDiagnostic(actions, toLspDiagnostic(diagnostic, open), text);
  });
  const told = toldHere.flatMap((diagnostic) => {
    const shown = { ...toLspDiagnostic(diagnostic, open), source: toldSource };
    return withDiagnostic(fixes(diagnostic, true), shown, text);
  });
  return [...found, ...told];
}

function withDiagnostic(actions: readonly Action[], diagnostic: LspDiagnostic, text: TextDocument): CodeAction[] {
  return actions.map((action) => ({ ...toCodeAction(action, text), kind: 'quickfix', diagnostics: [diagnostic] }));
}

/** As the editor sees it, which shows such a one once. */
function isSame(a: Diagnostic, b: Diagnostic): boolean {
  return a.code === b.code && a.range.start.line === b.range.start.line;
}

function toCodeAction(
  { title, edits, disables, sets, moves, preferred }: Action,
  { uri, version }: TextDocument,
): CodeAction {
  return {
    title,
    ...(edits ? { edit: { changes: { [uri]: edits } } } : {}),
    ...(disables ? { command: { title, command: disableRuleCommand, arguments: [disables] } } : {}),
    ...(sets
      ? {
          command: {
            title,
            command: setSecretCommand,
            arguments: [
              {
                manifest: uri,
                name: sets,
                ...(moves ? { moved: { version, edits: moves } } : {}),
              } satisfies SecretToSet,
            ],
          },
        }
      : {}),
    ...(preferred ? { isPreferred: true } : {}),
  };
}

function mendings(open: OpenManifest): CodeAction[] {
  const edits = fixAll(open.parsed, fixOptions(open));
  if (edits.length === 0) return [];
  const title = 'Fix all that is beyond doubt';
  return [{ title, kind: fixAllKind, edit: { changes: { [open.uri]: edits } } }];
}

function touches(a: Range, b: Range): boolean {
  return !isBefore(a.end, b.start) && !isBefore(b.end, a.start);
}

function isBefore(a: Range['start'], b: Range['start']): boolean {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}
