import { Range, type TextDocument } from 'vscode';

/** Where a manifest says its name, as far as lenses and marks need it; nothing is decided by it. */
export interface NameLine {
  range: Range;
  name?: string;
}

const pattern = /^[ \t]*(?:\{\s*)?"?name"?[ \t]*:[ \t]*(["']?)([a-z][a-z0-9-]*)?\1/m;

/** The value of `name:`; the first line when there is none. */
export function nameLine(document: TextDocument): NameLine {
  const match = pattern.exec(document.getText());
  if (!match) return { range: document.lineAt(0).range };
  const name = match[2];
  const end = match.index + match[0].length - (match[1]?.length ?? 0);
  const range = new Range(document.positionAt(end - (name?.length ?? 0)), document.positionAt(end));
  return name === undefined ? { range } : { range, name };
}
