import {
  type CancellationToken,
  type Disposable,
  DocumentLink,
  type DocumentSelector,
  l10n,
  languages,
  type TextDocument,
  type Uri,
  workspace,
} from 'vscode';
import { bestMatch, findPlaces } from './find-places.ts';

/** Log documents, and the output channels of followed logs. */
const logDocuments: DocumentSelector = [{ language: 'cloud-log' }, { scheme: 'output', language: 'log' }];
const ownChannel = /minicloud/;

/** Only the newest lines of a long log, this many links, and files found once in this time. */
const bounds = { lines: 5_000, links: 500, names: 50, files: 500, ms: 30_000 };

/** `file:line` in a stack trace opens the file of the workspace, when there is exactly one that it can be. */
export function createLogLinks(): Disposable {
  const known = new Map<string, { at: number; files: Uri[] }>();
  return languages.registerDocumentLinkProvider(logDocuments, {
    async provideDocumentLinks(document, token) {
      if (document.uri.scheme === 'output' && !ownChannel.test(document.uri.path)) return [];
      const places = placesIn(document);
      await findFiles(known, new Set(places.map(({ place }) => nameOf(place.path))), token);
      return places.flatMap(({ row, place }) => {
        const files = known.get(nameOf(place.path))?.files ?? [];
        const match = bestMatch(
          place.path,
          files.map(({ path }) => path),
        );
        const file = files.find(({ path }) => path === match);
        if (!file) return [];
        const link = new DocumentLink(
          document.lineAt(row).range.with({
            start: document.lineAt(row).range.start.translate(0, place.start),
            end: document.lineAt(row).range.start.translate(0, place.end),
          }),
          file.with({ fragment: [`L${place.line}`, ...(place.column ? [place.column] : [])].join(',') }),
        );
        link.tooltip = l10n.t('Open {0}', workspace.asRelativePath(file));
        return [link];
      });
    },
  });
}

function placesIn(document: TextDocument) {
  const found: { row: number; place: ReturnType<typeof findPlaces>[number] }[] = [];
  for (let row = document.lineCount - 1; row >= 0 && row >= document.lineCount - bounds.lines; row -= 1) {
    for (const place of findPlaces(document.lineAt(row).text)) found.push({ row, place });
    if (found.length >= bounds.links) break;
  }
  return found;
}

/** Asks once for all names that are not known, so that a trace of fifty files is one search. */
async function findFiles(
  known: Map<string, { at: number; files: Uri[] }>,
  names: ReadonlySet<string>,
  token: CancellationToken,
): Promise<void> {
  const now = Date.now();
  for (const [name, { at }] of known) if (now - at > bounds.ms) known.delete(name);
  const asked = [...names].filter((name) => !known.has(name) && /^[\w@.+~-]+$/.test(name)).slice(0, bounds.names);
  if (asked.length === 0) return;
  const glob = asked.length === 1 ? `**/${asked[0]}` : `**/{${asked.join(',')}}`;
  const files = await workspace.findFiles(glob, '**/{node_modules,.git,dist,build,vendor}/**', bounds.files, token);
  if (token.isCancellationRequested) return;
  for (const name of asked) known.set(name, { at: now, files: files.filter(({ path }) => nameOf(path) === name) });
}

function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
