import { type Uri, workspace } from 'vscode';

/** Text as it is in the editor, saved or not, else on disk. Undefined for none that can be read, and for more than `most` bytes on disk. */
export async function readText(uri: Uri, most: number): Promise<string | undefined> {
  const open = workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open) return open.getText();
  try {
    const { size } = await workspace.fs.stat(uri);
    return size > most ? undefined : new TextDecoder().decode(await workspace.fs.readFile(uri));
  } catch {
    return undefined;
  }
}
