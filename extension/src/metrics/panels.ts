import { randomBytes } from 'node:crypto';
import { describeError } from 'minicloud-shared/client/describe-error';
import { type Disposable, l10n, ThemeIcon, Uri, ViewColumn, type Webview, type WebviewPanel, window } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { html } from './html.ts';

/** Metrics of apps, one panel for each. A panel asks only while it is seen. */
export interface MetricsPanels extends Disposable {
  show(live: LiveServer, app: string): void;
  /** Closes those of servers that are no longer there. */
  keepOnly(there: (serverId: string) => boolean): void;
}

interface Panel extends Disposable {
  panel: WebviewPanel;
  serverId: string;
}

const minute = 60_000;
const spans = [15 * minute, 60 * minute, 6 * 60 * minute, 24 * 60 * minute];
const usualSpan = 60 * minute;
const soonestMs = 5_000;
/** While the server does not answer. */
const againMs = 15_000;

export function createMetricsPanels(media: Uri): MetricsPanels {
  const open = new Map<string, Panel>();
  return {
    show(live, app) {
      const key = `${live.server.id}/${app}`;
      const known = open.get(key);
      if (known) {
        known.panel.reveal();
        return;
      }
      const entry = createPanel(media, live, app);
      open.set(key, entry);
      entry.panel.onDidDispose(() => {
        open.delete(key);
        entry.dispose();
      });
    },
    keepOnly(there) {
      for (const { panel, serverId } of [...open.values()]) if (!there(serverId)) panel.dispose();
    },
    dispose() {
      for (const { panel } of [...open.values()]) panel.dispose();
      open.clear();
    },
  };
}

function createPanel(media: Uri, live: LiveServer, app: string): Panel {
  const title = l10n.t('Metrics of {0}', app);
  const panel = window.createWebviewPanel('minicloud.metrics', title, ViewColumn.Active, {
    enableScripts: true,
    localResourceRoots: [media],
    enableFindWidget: true,
  });
  panel.iconPath = new ThemeIcon('graph-line');
  panel.webview.html = frame(panel.webview, media, title, live.server.name);
  let span = usualSpan;
  let timer: NodeJS.Timeout | undefined;
  let round = 0;

  async function ask(): Promise<void> {
    clearTimeout(timer);
    round += 1;
    const mine = round;
    let next = againMs;
    try {
      const metrics = await live.api.metrics.app.query({ app, sinceMs: span });
      if (mine !== round) return;
      next = Math.max(soonestMs, metrics.everyMs);
      const { metricsPage } = await import('./page.ts');
      await panel.webview.postMessage({ body: metricsPage(metrics, span, l10n.t).html, note: '' });
    } catch (error) {
      if (mine !== round) return;
      const { what, why } = describeError(error, live.server.name);
      // What was shown stays: it was true when it was drawn.
      await panel.webview.postMessage({ note: `${what}: ${why}` });
    }
    if (mine === round && panel.visible) timer = setTimeout(() => void ask(), next);
  }
  const stop = (): void => {
    round += 1;
    clearTimeout(timer);
  };
  const subscriptions = [
    panel.onDidChangeViewState(() => (panel.visible ? void ask() : stop())),
    panel.webview.onDidReceiveMessage((message: unknown) => {
      const asked = spanOf(message);
      if (asked === undefined) return;
      span = asked;
      void ask();
    }),
  ];
  return {
    panel,
    serverId: live.server.id,
    dispose() {
      stop();
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}

/** The page says that it is ready, or which span was chosen: one of ours, whatever it says. */
function spanOf(message: unknown): number | undefined {
  const asked =
    typeof message === 'object' && message !== null && 'span' in message ? Number(message.span) : Number.NaN;
  return spans.find((each) => each === asked);
}

function frame(webview: Webview, media: Uri, title: string, server: string): string {
  const nonce = randomBytes(16).toString('base64');
  const address = (file: string): string => webview.asWebviewUri(Uri.joinPath(media, file)).toString();
  const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
  const names = [l10n.t('15 minutes'), l10n.t('1 hour'), l10n.t('6 hours'), l10n.t('24 hours')];
  const options = spans.map((each, index) =>
    each === usualSpan
      ? html`<option value="${each}" selected>${names[index] ?? ''}</option>`
      : html`<option value="${each}">${names[index] ?? ''}</option>`,
  );
  return html`<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${address('metrics.css')}">
<title>${title}</title>
</head>
<body>
<header><h1>${title} <small>${server}</small></h1><label>${l10n.t('Over the last')} <select id="span">${options}</select></label></header>
<p id="note" role="status"></p>
<main id="body"><p class="empty">${l10n.t('Asking {0}…', server)}</p></main>
<script nonce="${nonce}" src="${address('metrics.js')}"></script>
</body>
</html>`.html;
}
