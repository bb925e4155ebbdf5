import { ProblemError } from 'minicloud-shared/model/problem';
import { l10n, window, workspace } from 'vscode';
import { manifestFor } from '../deploy/new-manifest.ts';
import { sampleManifest } from '../deploy/sample-manifest.ts';
import { manifestIn, newManifestIn } from '../import/write-manifest.ts';
import { offer } from '../offer.ts';
import type { Services } from '../services.ts';

/**
 * Writes a manifest into a folder that has none, and opens it: the smallest useful one, or with `sample` the one of
 * the sample that comes with a server. An existing one is only opened.
 */
export async function createManifest(services: Services, argument: unknown): Promise<void> {
  const folders = workspace.workspaceFolders ?? [];
  const folder = folders.length > 1 ? await window.showWorkspaceFolderPick() : folders[0];
  if (!folder) {
    if (folders.length === 0) await askFolder();
    return;
  }
  const known = await manifestIn(folder.uri);
  const uri = known ?? newManifestIn(folder.uri);
  if (known) void window.showInformationMessage(l10n.t('{0} has a manifest already.', folder.name));
  else {
    const text = argument === 'sample' ? await askSample(services) : manifestFor(folder.name);
    await workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  }
  // Not as a preview: that would take the place of the walkthrough.
  await window.showTextDocument(uri, { preview: false });
}

/** Asks every server that answers, for only with its image on the machine the sample runs without a registry. */
async function askSample({ connections }: Services): Promise<string> {
  const release = connections.holdAll();
  try {
    const all = connections.all();
    const answers = await Promise.allSettled(all.map(({ connection }) => connection.ready()));
    const text = all.map(({ connection }) => sampleManifest(connection.facts)).find((each) => each !== undefined);
    if (text !== undefined) return text;
    const failed = answers.find((answer) => answer.status === 'rejected');
    throw failed ? failed.reason : noSample(all.map(({ server }) => server.name));
  } finally {
    release();
  }
}

function noSample(servers: readonly string[]): ProblemError {
  const none = servers.length === 0;
  return new ProblemError({
    code: 'not_found',
    what: l10n.t('There is no sample to open'),
    object: none ? l10n.t('the servers of this editor') : servers.join(', '),
    why: none
      ? l10n.t('The sample comes with a server, and there is none here.')
      : l10n.t('The server does not have its image.'),
    still: l10n.t('No manifest was written.'),
    remedy: none
      ? l10n.t('Run “Minicloud: Add Server…” first.')
      : l10n.t('Run “Minicloud: Create Manifest…” for one with an image of your own.'),
  });
}

function askFolder(): Promise<void> {
  return offer(
    l10n.t('A manifest lives in a folder, beside what it deploys. Open one first.'),
    l10n.t('Open Folder…'),
    'vscode.openFolder',
  );
}
