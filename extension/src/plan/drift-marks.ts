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
import { isManifest, manifestFiles } from '../deploy/manifest-source.ts';
import type { ManifestTargets } from '../deploy/manifest-targets.ts';
import type { RequestedPlan } from '../deploy/request-plan.ts';
import { codeOf, type LanguageService } from '../language/language-service.ts';
import { nameLine } from '../language/name-line.ts';
import { rulePage } from '../language/rule-pages.ts';
import type { Connections, LiveServer } from '../servers/connections.ts';
import { createDriftCheck, type Drift, type DriftQuestion, driftMessage } from './drift.ts';

/**
 * Tells on manifests that the server runs something else: a mark on the file, a diagnostic at its name. When the server
 * is let go the marks stay as they were, and say when that was; when it can't be reached nothing is told.
 */
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
  /** What was asked last about each manifest: what it is asked about again when it is closed. */
  const questions = new Map<string, DriftQuestion>();
  let settle: NodeJS.Timeout | undefined;

  const severityOf = (uri: Uri): DiagnosticSeverity | undefined =>
    severities[workspace.getConfiguration('minicloud', uri).get('drift', 'information')];

  const mark = (document: TextDocument, drift: Drift): void => {
    const severity = severityOf(document.uri);
    // What is being typed is not what was compared.
    if (severity === undefined || document.isDirty) return;
    const diagnostic = new Diagnostic(nameLine(document).range, driftMessage(drift, l10n.t), severity);
    diagnostic.source = 'minicloud server';
    diagnostic.code = { value: code, target: rulePage('drift') };
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
      const document = openDocument(file);
      if (drift && document) mark(document, drift);
      changed.fire(uri);
    },
    isFinal: (error) => ['forbidden', 'invalid_input', 'manifest_invalid'].includes(describeError(error).code),
  });

  async function look(file: string): Promise<void> {
    const uri = Uri.parse(file);
    const document = openDocument(file);
    if (document?.isDirty) return;
    const wanted = workspace.isTrusted && severityOf(uri) !== undefined;
    const live = wanted ? targets.of(uri) : undefined;
    const question = live && sightOf(live) && (await questionOf(live, uri, document));
    if (question === 'busy') return;
    if (!question) {
      check.forget(file);
      return;
    }
    questions.set(file, question);
    if (sightOf(live) === 'now') await check.check(file, question);
    else check.recall(file, question);
  }

  const questionOf = (live: LiveServer, uri: Uri, document: TextDocument | undefined): Promise<Asked> => {
    const before = questions.get(uri.toString());
    return document ? questionOfOpen(live, document, language) : questionOfClosed(live, uri, before);
  };

  const lookAtAll = (): void => {
    clearTimeout(settle);
    settle = setTimeout(() => {
      const open = workspace.textDocuments.filter(({ uri }) => isManifest(uri)).map(({ uri }) => uri.toString());
      for (const file of new Set([...open, ...questions.keys()])) void look(file).catch(() => {});
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
      manifestFiles,
      { provideCodeActions: ({ uri }, _range, context) => actionsOf(uri, context.diagnostics) },
      { providedCodeActionKinds: [CodeActionKind.QuickFix] },
    ),
  ];

  function provideFileDecoration(uri: Uri): FileDecoration | undefined {
    const drift = drifts.get(uri.toString());
    if (!drift) return undefined;
    const live = targets.of(uri);
    const { asOf } = live?.connection.snapshot ?? {};
    const seen = live && asOf !== undefined && sightOf(live) === 'before' ? new Date(asOf).toLocaleString() : undefined;
    return new FileDecoration('≠', driftMessage(drift, l10n.t, seen), new ThemeColor('minicloud.drift'));
  }

  lookAtAll();
  return {
    onDidChange: changed.event,
    of: (uri) => drifts.get(uri.toString()),
    learn({ plan, live, source, image }) {
      if (plan.fromRelease === undefined) return;
      const { id, name } = live.server;
      check.learn(
        {
          server: name,
          serverId: id,
          app: plan.app,
          release: plan.fromRelease,
          text: source.text,
          ...(image ? { image } : {}),
        },
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

function openDocument(file: string): TextDocument | undefined {
  return workspace.textDocuments.find(({ uri }) => uri.toString() === file);
}

/** `now`: the server can be asked. `before`: it was let go, and what it told holds as of then. */
function sightOf({ connection: { link, snapshot } }: LiveServer): 'now' | 'before' | undefined {
  if (link.state === 'idle' || link.state === 'connecting') return 'before';
  // A server that would fetch images for it is not asked: nobody is waiting for this answer.
  return link.state === 'online' && snapshot.info?.features.includes('plans.offline') ? 'now' : undefined;
}

/** Undefined when nothing can be known of it; `busy` while its app is being changed, when what was known stays. */
type Asked = DriftQuestion | 'busy' | undefined;

async function questionOfOpen(
  live: LiveServer,
  document: TextDocument,
  language: Pick<LanguageService, 'summary'>,
): Promise<Asked> {
  // The name alone is cheap; the language server is asked only about an app that is there.
  const { name } = nameLine(document);
  const asked = questionAbout(live, name, document.getText(), false);
  if (!asked || asked === 'busy') return asked;
  const summary = await language.summary(document.uri);
  if (!summary || summary.errors > 0 || summary.name !== name) return undefined;
  return questionAbout(live, name, document.getText(), !summary.hasImage && !summary.forward);
}

/** As it was asked while it was open, when the file still says that. */
async function questionOfClosed(live: LiveServer, uri: Uri, before: DriftQuestion | undefined): Promise<Asked> {
  const bytes = await workspace.fs.readFile(uri).then(
    (read) => read,
    () => undefined,
  );
  if (!before || !bytes || new TextDecoder().decode(bytes) !== before.text) return undefined;
  return questionAbout(live, before.app, before.text, before.image !== undefined);
}

/** The release and, for a manifest that names no image, the image are those that the server runs. */
function questionAbout(live: LiveServer, name: string | undefined, text: string, imageless: boolean): Asked {
  const app = live.connection.snapshot.apps?.find((each) => each.name === name);
  if (app?.release === undefined) return undefined;
  if (app.state === 'deploying' || app.state === 'deleting') return 'busy';
  const { id: serverId, name: server } = live.server;
  const image = imageless ? app.image : undefined;
  return { server, serverId, app: app.name, release: app.release, text, ...(image ? { image } : {}) };
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
  const drift = found.find((each) => codeOf(each.code) === code);
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
