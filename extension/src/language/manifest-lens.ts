import { CodeLens, type Disposable, EventEmitter, l10n, languages, type TextDocument, workspace } from 'vscode';
import { manifestFiles } from '../deploy/manifest-source.ts';
import type { ManifestTargets } from '../deploy/manifest-targets.ts';
import type { DriftMarks } from '../plan/drift-marks.ts';
import type { Connections } from '../servers/connections.ts';
import { appStateLabel } from '../tree/app-look.ts';
import { certificateLook } from '../tree/certificate-words.ts';
import { nameLine } from './name-line.ts';

interface Lens {
  icon: string;
  title: string;
  /** None for what is only told. */
  command?: string;
  argument?: unknown;
}

/** Above the name in a manifest: what its app is doing on the server, and what can be done. */
export function createManifestLens(
  connections: Connections,
  targets: ManifestTargets,
  drift: Pick<DriftMarks, 'of' | 'onDidChange'>,
): Disposable[] {
  const changed = new EventEmitter<void>();
  const again = (): void => changed.fire();
  const provider = languages.registerCodeLensProvider(manifestFiles, {
    onDidChangeCodeLenses: changed.event,
    provideCodeLenses(document) {
      if (!workspace.getConfiguration('minicloud', document.uri).get('codeLens.enabled', true)) return [];
      const certificate = certificateLens(document, targets);
      const { range } = nameLine(document);
      return lensesOf(document, targets, drift, certificate).map(
        ({ icon, title, command = '', argument }) =>
          new CodeLens(range, { command, title: `$(${icon})\u00a0${title}`, arguments: [argument] }),
      );
    },
  });
  return [
    changed,
    provider,
    connections.onDidChange(again),
    targets.onDidChange(again),
    drift.onDidChange(again),
    workspace.onDidGrantWorkspaceTrust(again),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('minicloud.codeLens')) changed.fire();
    }),
  ];
}

/** The certificate that runs out first. Nothing where the server tells of none, or has not told yet. */
function certificateLens(document: TextDocument, targets: ManifestTargets): Lens | undefined {
  const live = workspace.isTrusted ? targets.of(document.uri) : undefined;
  const { name } = nameLine(document);
  if (!live || !name || live.connection.link.state !== 'online') return undefined;
  const detail = live.connection.snapshot.details.get(name);
  const certificates = (detail?.routes ?? []).map(({ certificate }) => certificate);
  const [first] = certificates
    .filter(({ kind }) => kind !== 'none')
    .sort((a, b) => (a.notAfter ?? Number.POSITIVE_INFINITY) - (b.notAfter ?? Number.POSITIVE_INFINITY));
  if (!first) return undefined;
  const { icon, words } = certificateLook(first, live.connection.now(), l10n.t);
  return { icon, title: words };
}

function lensesOf(
  document: TextDocument,
  targets: ManifestTargets,
  drift: Pick<DriftMarks, 'of'>,
  certificate: Lens | undefined,
): Lens[] {
  const { uri } = document;
  if (!workspace.isTrusted)
    return [
      {
        icon: 'workspace-untrusted',
        title: l10n.t('Checked only: this workspace is not trusted'),
        command: 'workbench.trust.manage',
        argument: undefined,
      },
    ];
  const live = targets.of(uri);
  const online = live?.connection.link.state === 'online';
  const { info, apps } = live?.connection.snapshot ?? {};
  // Unknown is not missing: before the server has told what it can do, everything is offered.
  const offers = (feature: string): boolean => !info || info.features.includes(feature);
  const { name } = nameLine(document);
  const app = online ? apps?.find((each) => each.name === name) : undefined;
  const lenses: (Lens | false | undefined)[] = [
    live && {
      icon: 'server',
      title: [app && appStateLabel(app.state), app?.release && l10n.t('release {0}', app.release), live.server.name]
        .filter(Boolean)
        .join(' · '),
      command: 'minicloud.chooseServer',
      argument: uri,
    },
    certificate,
    driftLens(document, drift),
    offers('deploys') && {
      icon: 'rocket',
      title: l10n.t('Deploy'),
      command: 'minicloud.deployManifest',
      argument: uri,
    },
    offers('plans') && { icon: 'checklist', title: l10n.t('Plan'), command: 'minicloud.planManifest', argument: uri },
    live &&
      app?.kind === 'container' &&
      offers('logs') && {
        icon: 'output',
        title: l10n.t('Logs'),
        command: 'minicloud.showLogs',
        argument: { live, app },
      },
    app?.urls[0] && {
      icon: 'globe',
      title: l10n.t('Open'),
      command: 'minicloud.openInBrowser',
      argument: { url: app.urls[0].url },
    },
  ];
  return lenses.filter((lens) => typeof lens === 'object');
}

function driftLens({ uri }: TextDocument, drift: Pick<DriftMarks, 'of'>): Lens | undefined {
  const count = drift.of(uri)?.changes.length;
  if (count === undefined) return undefined;
  const title = count === 1 ? l10n.t('1 difference') : l10n.t('{0} differences', count);
  return { icon: 'diff', title, command: 'minicloud.compareWithServer', argument: uri };
}
