import { type Disposable, type TextDocument, window, workspace } from 'vscode';
import { isManifest } from '../deploy/manifest-source.ts';
import type { ManifestTargets } from '../deploy/manifest-targets.ts';
import type { Connection } from '../servers/connection.ts';
import type { Connections } from '../servers/connections.ts';
import { createHolds } from '../servers/holds.ts';
import { createDetailLooks } from './detail-looks.ts';
import { nameLine } from './name-line.ts';

/** Editors come and go in bursts, and activation opens no connection. */
const settleMs = 50;

/**
 * While a manifest is seen, its server is connected and tells all it knows of its app: what lenses, hovers, completion
 * and rules say is of now. A server that no manifest in sight goes to is let go, and none is asked for a folder that is
 * not trusted.
 */
export function followVisibleManifests(connections: Connections, targets: ManifestTargets): Disposable {
  const holds = createHolds();
  const looks = createDetailLooks();
  let settle: NodeJS.Timeout | undefined;

  const lookInto = (document: TextDocument, connection: Connection): void => {
    const file = document.uri.toString();
    const { name } = nameLine(document);
    const known = connection.snapshot.apps?.some((app) => app.name === name);
    if (!name || !known) looks.close(file);
    else if (connection.link.state === 'online') looks.look(file, connection, name);
  };

  const follow = (): void => {
    settle = undefined;
    const visible = window.visibleTextEditors.filter(({ document }) => workspace.isTrusted && isManifest(document.uri));
    const seen = visible.flatMap(({ document }) => {
      const live = targets.of(document.uri);
      return live ? [{ document, connection: live.connection }] : [];
    });
    holds.keep(new Set(seen.map(({ connection }) => connection)));
    for (const { document, connection } of seen) lookInto(document, connection);
  };
  const later = (): void => {
    settle ??= setTimeout(follow, settleMs);
  };

  const subscriptions = [
    window.onDidChangeVisibleTextEditors(later),
    workspace.onDidChangeTextDocument(({ document }) => isManifest(document.uri) && later()),
    // Told of another language too: a manifest that is still seen is looked at again.
    workspace.onDidCloseTextDocument(({ uri }) => {
      looks.close(uri.toString());
      later();
    }),
    workspace.onDidGrantWorkspaceTrust(later),
    connections.onDidChange(later),
    targets.onDidChange(later),
  ];
  later();
  return {
    dispose() {
      clearTimeout(settle);
      for (const subscription of subscriptions) subscription.dispose();
      holds.keep(new Set());
    },
  };
}
