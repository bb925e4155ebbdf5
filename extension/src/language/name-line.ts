import { Range, type TextDocument } from 'vscode';
import { findName } from './find-name.ts';

/** Where a manifest says its name, as far as lenses and marks need it; nothing is decided by it. */
export interface NameLine {
  range: Range;
  name?: string;
}

/** The value of `name:`; the first line when there is none. */
export function nameLine(document: TextDocument): NameLine {
  const found = findName(document.getText());
  if (!found) return { range: document.lineAt(0).range };
  const range = new Range(document.positionAt(found.start), document.positionAt(found.end));
  return found.name === undefined ? { range } : { range, name: found.name };
}
