import { describeError } from 'minicloud-shared/client/describe-error';
import {
  CodeAction,
  CodeActionKind,
  Diagnostic,
  DiagnosticSeverity,
  type Disposable,
  type Event,
  EventEmitter,
  FileDecoration,
  l10n,
  languages,
  type TextDocument,
  ThemeColor,
  Uri,
  window,
  workspace,
} from 'vscode';
import { isManifest } from '../deploy/manifest-source.ts';
import type { ManifestTargets } from '../deploy/manifest-targets.ts';
import type { RequestedPlan } from '../deploy/request-plan.ts';
import type { LanguageService } from '../language/language-service.ts';
import { nameLine } from '../language/name-line.ts';
import type { Connections, LiveServer } from '../servers/connections.ts';
import { createDriftCheck, type Drift, type DriftQuestion, driftMessage } from './drift.ts';

/** Tells on manifests that the server runs something else: a mark on the file, a diagnostic at its name. */
export interface DriftMarks extends Disposable {
  readonly onDidChange: Event<Uri>;
  of(uri: Uri): Drift | undefined;
  /** What a plan that was made anyway says. */
  learn(requested: RequestedPlan): void;
}

const code = 'minicloud/drift';
/** Opening and events come in bursts; one question comes of them. */
const settleMs = 300;
/** The server looks at what it has; nobody waits for the answer. */
const limitMs = 20_000;

const severities: Record<string, DiagnosticSeverity> = {
  hint: DiagnosticSeverity.Hint,
  information: DiagnosticSeverity.Information,
  warning: DiagnosticSeverity.Warning,
};

export function createDriftMarks(
  connections: Connections,
  targets: ManifestTargets,
  language: Pick<LanguageService, 'summary'>,
): DriftMarks {
  const diagnostics = languages.createDiagnosticCollection('minicloud-drift');
  const changed = new EventEmitter<Uri>();
  const drifts = new Map<string, Drift>();
  let settle: NodeJS.Timeout | undefined;

  const severityOf = (uri: Uri): DiagnosticSeverity | undefined =>
    severities[workspace.getConfiguration('minicloud', uri).get('drift', 'information')];

  const mark = (document: TextDocument, drift: Drift): void => {
    const severity = severityOf(document.uri);
    // What is being typed is not what was compared.
    if (severity === undefined || document.isDirty) return;
    const diagnostic = new Diagnostic(nameLine(document).range, driftMessage(drift, l10n.t), severity);
    diagnostic.source = 'minicloud server';
    diagnostic.code = code;
    diagnostics.set(document.uri, [diagnostic]);
  };

  const check = createDriftCheck({
    ask: (question, signal) => askPlan(connections, question, signal),
    tell(file, drift) {
      const uri = Uri.parse(file);
      if (!drift && !drifts.has(file)) return;
      diagnostics.delete(uri);
      if (drift) drifts.set(file, drift);
      else drifts.delete(file);
      const document = workspace.textDocuments.find((each) => each.uri.toString() === file);
      if (drift && document) mark(document, drift);
      changed.fire(uri);
    },
    isFinal: (error) => ['forbidden', 'invalid_input', 'manifest_invalid'].includes(describeError(error).code),
  });

  async function look(document: TextDocument): Promise<void> {
    const { uri } = document;
    const file = uri.toString();
    if (document.isDirty) return;
    const question = severityOf(uri) === undefined ? undefined : await questionOf(document, targets, language);
    if (question === 'busy') return;
    if (question) await check.check(file, question);
    else check.forget(file);
  }

  const lookAtAll = (): void => {
    clearTimeout(settle);
    settle = setTimeout(() => {
      const open = workspace.textDocuments.filter(({ uri }) => isManifest(uri));
      for (const document of open) void look(document).catch(() => {});
    }, settleMs);
  };

  const subscriptions = [
    diagnostics,
    changed,
    workspace.onDidOpenTextDocument(({ uri }) => isManifest(uri) && lookAtAll()),
    workspace.onDidSaveTextDocument(({ uri }) => isManifest(uri) && lookAtAll()),
    workspace.onDidChangeTextDocument(({ document }) => {
      if (document.isDirty) diagnostics.delete(document.uri);
    }),
    workspace.onDidCloseTextDocument(({ uri }) => diagnostics.delete(uri)),
    workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('minicloud.drift') && lookAtAll()),
    workspace.onDidGrantWorkspaceTrust(lookAtAll),
    connections.onDidChange(lookAtAll),
    targets.onDidChange(lookAtAll),
    window.registerFileDecorationProvider({ onDidChangeFileDecorations: changed.event, provideFileDecoration }),
    languages.registerCodeActionsProvider(
      [{ language: 'cloud-manifest' }, { pattern: '**/cloud_manifest.{yml,yaml,json}' }],
      { provideCodeActions: ({ uri }, _range, context) => actionsOf(uri, context.diagnostics) },
      { providedCodeActionKinds: [CodeActionKind.QuickFix] },
    ),
  ];

  function provideFileDecoration(uri: Uri): FileDecoration | undefined {
    const drift = drifts.get(uri.toString());
    if (!drift) return undefined;
    return new FileDecoration('≠', driftMessage(drift, l10n.t), new ThemeColor('minicloud.drift'));
  }

  lookAtAll();
  return {
    onDidChange: changed.event,
    of: (uri) => drifts.get(uri.toString()),
    learn({ plan, live, source, image }) {
      if (plan.fromRelease === undefined) return;
      const { id, name } = live.server;
      check.learn(
        { server: name, serverId: id, release: plan.fromRelease, text: source.text, ...(image ? { image } : {}) },
        plan,
      );
      lookAtAll();
    },
    dispose() {
      clearTimeout(settle);
      check.dispose();
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}

/** Undefined when nothing can be known of it; `busy` while its app is being changed, when what was known stays. */
async function questionOf(
  document: TextDocument,
  targets: ManifestTargets,
  language: Pick<LanguageService, 'summary'>,
): Promise<DriftQuestion | 'busy' | undefined> {
  const live = targets.of(document.uri);
  if (!live || !workspace.isTrusted || !canPlan(live)) return undefined;
  const { apps } = live.connection.snapshot;
  // The name alone is cheap; the language server is asked only about an app that is there.
  const name = nameLine(document).name;
  const app = apps?.find((each) => each.name === name);
  if (app?.release === undefined) return undefined;
  if (app.state === 'deploying' || app.state === 'deleting') return 'busy';
  const summary = await language.summary(document.uri);
  if (!summary || summary.errors > 0 || summary.name !== app.name) return undefined;
  const image = summary.hasImage || summary.forward ? undefined : app.image;
  const { id, name: server } = live.server;
  return { server, serverId: id, release: app.release, text: document.getText(), ...(image ? { image } : {}) };
}

function canPlan({ connection }: LiveServer): boolean {
  // A server that would fetch images for it is not asked: nobody is waiting for this answer.
  return connection.link.state === 'online' && connection.snapshot.info?.features.includes('plans.offline') === true;
}

async function askPlan(connections: Connections, { serverId, text, image }: DriftQuestion, signal: AbortSignal) {
  const live = connections.get(serverId);
  if (!live) return undefined;
  const { plan } = await live.api.plans.create.mutate(
    { manifest: text, offline: true, ...(image ? { image } : {}) },
    { signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]) },
  );
  return plan;
}

function actionsOf(uri: Uri, found: readonly Diagnostic[]): CodeAction[] {
  const drift = found.find((each) => each.code === code);
  if (!drift) return [];
  const actions = [
    ['minicloud.compareWithServer', l10n.t('Compare with what the server runs')],
    ['minicloud.planManifest', l10n.t('Plan: show what deploying this file would change')],
  ];
  return actions.map(([command = '', title = '']) => {
    const action = new CodeAction(title, CodeActionKind.QuickFix);
    action.diagnostics = [drift];
    action.command = { command, title, arguments: [uri] };
    return action;
  });
}
