import {
  CodeLens,
  type DecorationRenderOptions,
  Disposable,
  l10n,
  languages,
  Range,
  type TextEditor,
  ThemeColor,
  type Uri,
  window,
  workspace,
} from 'vscode';
import type { ShownPlan } from './plan-documents.ts';
import type { MarkKind } from './plan-text.ts';

const color = (id: string): ThemeColor => new ThemeColor(id);

/** Colours of the theme for what the words and signs of a plan say already. */
const looks: Record<MarkKind, DecorationRenderOptions> = {
  heading: { fontWeight: 'bold' },
  subtle: { color: color('descriptionForeground') },
  add: { color: color('minicloud.plan.add') },
  change: { color: color('minicloud.plan.change') },
  remove: { color: color('minicloud.plan.remove') },
  keep: { color: color('descriptionForeground') },
  none: { color: color('descriptionForeground') },
  restart: { color: color('minicloud.plan.change') },
  downtime: { color: color('editorWarning.foreground'), fontWeight: 'bold' },
  data: { color: color('editorError.foreground'), fontWeight: 'bold' },
};

/** Colours the plans in visible editors and puts their actions above the first line. */
export function decoratePlans(get: (uri: Uri) => ShownPlan | undefined): Disposable {
  const kinds = Object.keys(looks) as MarkKind[];
  const types = new Map(kinds.map((kind) => [kind, window.createTextEditorDecorationType(looks[kind])]));
  const decorate = (editor: TextEditor): void => {
    const plan = get(editor.document.uri);
    if (!plan) return;
    for (const [kind, type] of types) {
      const marks = plan.page.marks.filter((mark) => mark.kind === kind);
      editor.setDecorations(
        type,
        marks.map(({ line, start, end }) => new Range(line, start, line, end)),
      );
    }
  };
  const all = (editors: readonly TextEditor[]): void => editors.forEach(decorate);
  all(window.visibleTextEditors);
  return Disposable.from(
    ...types.values(),
    window.onDidChangeVisibleTextEditors(all),
    workspace.onDidChangeTextDocument(({ document }) =>
      all(window.visibleTextEditors.filter((editor) => editor.document === document)),
    ),
    languages.registerCodeLensProvider(
      { language: 'cloud-plan' },
      {
        provideCodeLenses(document) {
          const plan = get(document.uri);
          if (!plan) return [];
          const top = new Range(0, 0, 0, 0);
          return [
            ...(plan.outdated === undefined
              ? [
                  new CodeLens(top, {
                    command: 'minicloud.applyPlan',
                    title: `$(rocket)\u00a0${l10n.t('Deploy This Plan')}`,
                    arguments: [document.uri],
                  }),
                ]
              : [
                  new CodeLens(top, {
                    command: 'minicloud.planManifest',
                    title: `$(refresh)\u00a0${l10n.t('Plan Again')}`,
                    arguments: [document.uri],
                  }),
                ]),
            ...(plan.plan.creates
              ? []
              : [
                  new CodeLens(top, {
                    command: 'minicloud.compareWithServer',
                    title: `$(diff)\u00a0${l10n.t('Compare with Server')}`,
                    arguments: [document.uri],
                  }),
                ]),
            new CodeLens(top, {
              command: 'minicloud.discardPlan',
              title: `$(discard)\u00a0${l10n.t('Discard')}`,
              arguments: [document.uri],
            }),
          ];
        },
      },
    ),
  );
}
