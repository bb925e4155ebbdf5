import { l10n, window } from 'vscode';
import { logText } from '../logs/log-text.ts';
import { readHistory } from '../logs/read-history.ts';
import { searchLines, wordsOf } from '../logs/search-lines.ts';
import type { Services } from '../services.ts';
import { pickApp, requireFeature } from './pick.ts';

let last = '';

/** The lines of an app's log history that hold a word or match a pattern, with the lines around them. */
export async function searchLogs(services: Services, argument: unknown): Promise<void> {
  const picked = await pickApp(services, argument, l10n.t('Search the logs of which app?'));
  if (!picked) return;
  const { live, app } = picked;
  requireFeature(live, 'logs', l10n.t('Log history'));
  const typed = await window.showInputBox({
    title: l10n.t('Search the logs of {0}', app.name),
    prompt: l10n.t('Words as they are written, or /a regular expression/'),
    value: last,
    validateInput: (text) => (wordsOf(text) ? undefined : l10n.t('This is no regular expression')),
  });
  const pattern = typed?.trim() ? wordsOf(typed) : undefined;
  if (!typed || !pattern) return;
  last = typed;
  const history = await readHistory(live, app.name);
  const found = searchLines(history, pattern);
  const text = [
    l10n.t('{0} of {1} lines have {2}', found.matches, history.length, typed.trim()),
    '',
    ...found.groups.map((lines) => logText(lines)),
  ].join('\n');
  const title = l10n.t('{0} search.log', app.name);
  await services.documents.show('log', live.server.id, title, text, 'cloud-log');
}
