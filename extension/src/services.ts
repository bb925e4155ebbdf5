import type { ExtensionContext, LogOutputChannel } from 'vscode';
import type { ManifestTargets } from './deploy/manifest-targets.ts';
import type { Forwards } from './forwards/forwards.ts';
import type { ImportPreviews } from './import/import-previews.ts';
import type { LanguageService } from './language/language-service.ts';
import type { LogFollower } from './logs/log-follower.ts';
import type { MetricsPanels } from './metrics/panels.ts';
import type { DriftMarks } from './plan/drift-marks.ts';
import type { PlanDocuments } from './plan/plan-documents.ts';
import type { ReadOnlyDocuments } from './read-only-documents.ts';
import type { Connections } from './servers/connections.ts';
import type { ServerList } from './servers/server-list.ts';
import type { TokenStore } from './servers/token-store.ts';
import type { ExecTerminals } from './terminal/exec-terminal.ts';
import type { AppFilter } from './tree/app-filter.ts';
import type { RowSelection } from './tree/row-selection.ts';

/** Everything that commands and views work with, made once in `activate`. */
export interface Services {
  context: ExtensionContext;
  output: LogOutputChannel;
  servers: ServerList;
  tokens: TokenStore;
  connections: Connections;
  targets: ManifestTargets;
  language: LanguageService;
  plans: PlanDocuments;
  drift: DriftMarks;
  logs: LogFollower;
  documents: ReadOnlyDocuments;
  filter: AppFilter;
  forwards: Forwards;
  terminals: ExecTerminals;
  metrics: MetricsPanels;
  imports: ImportPreviews;
  selection: RowSelection;
}
