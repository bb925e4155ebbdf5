import { type Disposable, FoldingRange, languages } from 'vscode';
import { logFolds } from './log-folds.ts';

export function createLogFolding(): Disposable {
  return languages.registerFoldingRangeProvider(
    { language: 'cloud-log' },
    {
      provideFoldingRanges: (document) =>
        logFolds(document.getText().split('\n')).map(({ start, end }) => new FoldingRange(start, end)),
    },
  );
}
