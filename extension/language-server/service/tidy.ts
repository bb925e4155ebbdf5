import { parseManifestDocument } from 'minicloud-shared/manifest/parse';

/**
 * The text with blanks at line ends, runs of empty lines and a missing last line end put right, or undefined when there
 * is nothing to do or when its meaning would change. Indentation, quotes and comments stay as their author wrote them:
 * rewriting a document from its tree has corrupted files elsewhere.
 */
export function tidy(text: string): string | undefined {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd());
  const kept = lines.filter((line, index) => line !== '' || (index > 0 && lines[index - 1] !== ''));
  const tidied = `${kept.join(eol).trimEnd()}${eol}`;
  return tidied !== text && meaning(tidied) === meaning(text) ? tidied : undefined;
}

/** Unreadable texts mean nothing that could be kept, so they differ from everything. */
function meaning(text: string): unknown {
  const { doc } = parseManifestDocument(text);
  return doc.errors.length > 0 ? Symbol('unreadable') : JSON.stringify(doc.toJS());
}
