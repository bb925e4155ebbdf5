import type { Imported } from 'minicloud-shared/import/model';
import { l10n, window } from 'vscode';
import { findImportSource, type ImportSource, importSource } from '../import/import-source.ts';
import { outcomeText, reportText } from '../import/report-text.ts';
import { manifestTarget } from '../import/write-manifest.ts';
import type { Services } from '../services.ts';
import { createImported } from './create-imported.ts';

/**
 * Makes a manifest from a Compose file, a Procfile, an app.json, a captain-definition or an inspected container, and
 * shows it with what was not taken over. Nothing is written before the person says so.
 */
export async function importApp(services: Services, argument: unknown): Promise<void> {
  const source = await findImportSource(argument);
  if (!source) return;
  const { imports, targets } = services;
  const { target, replaces } = await manifestTarget(source.folder);
  const live = targets.of(target);
  const offered = live?.connection.snapshot.info?.features;
  const imported = await convert(source, offered);
  if (!imported) return;
  const server = offered && live?.server.name;
  const report = reportText(source.name, imported, l10n.t, server);
  const uri = await imports.show({ from: source.name, text: imported.manifest, report, target, replaces });
  const create = replaces ? l10n.t('Replace Manifest…') : l10n.t('Create Manifest');
  const discard = l10n.t('Discard');
  const chosen = await window.showInformationMessage(
    outcomeText(source.name, imported, l10n.t, server),
    create,
    discard,
  );
  if (chosen === create) await createImported(services, uri);
  else if (chosen === discard) await imports.close(uri);
}

/** The manifest, after the person chose among several services. Undefined when they didn't, or nothing can be made of it. */
async function convert(source: ImportSource, offered?: readonly string[]): Promise<Imported | undefined> {
  const more = offered ? { offered } : {};
  const first = await importSource(source, more);
  if (first?.ok && first.services.length > 1) {
    const items = first.services.map((label, index) => ({
      label,
      description: index === 0 ? l10n.t('the likeliest') : '',
    }));
    const placeHolder = l10n.t('Which service is the app? Its database, cache and workers come with it.');
    const chosen = await window.showQuickPick(items, { title: l10n.t('Import {0}', source.name), placeHolder });
    if (!chosen) return undefined;
    const again = await importSource(source, { service: chosen.label, ...more });
    return again?.ok ? again : undefined;
  }
  if (first?.ok) return first;
  const why = first
    ? `${first.why} ${first.remedy}`
    : l10n.t(
        '{0} is neither a Compose file, a Procfile, an app.json, a captain-definition nor the output of docker inspect.',
        source.name,
      );
  void window.showErrorMessage(why);
  return undefined;
}
