import type { Replica } from 'minicloud-shared/model/app';
import { l10n, window } from 'vscode';
import type { Services } from '../services.ts';
import { ProcessNode } from '../tree/process-node.ts';
import { ReplicaNode } from '../tree/replica-node.ts';
import { replicaWords } from '../tree/replica-words.ts';
import { type PickedApp, pickApp, requireFeature } from './pick.ts';

/** Opens a shell in a replica of an app. The server finds the shell; each terminal is a program of its own. */
export async function openTerminal(services: Services, argument: unknown): Promise<void> {
  const picked = await pickApp(services, argument, l10n.t('Open a terminal in which app?'));
  if (!picked) return;
  const { live, app } = picked;
  requireFeature(live, 'exec', l10n.t('A terminal'));
  const place = placeOf(argument) ?? (await pickPlace(picked));
  if (place) services.terminals.open({ live, app: app.name, ...place });
}

interface Place {
  process: string;
  replica?: number | undefined;
}

function placeOf(argument: unknown): Place | undefined {
  if (argument instanceof ReplicaNode) return { process: argument.replica.process, replica: argument.number };
  return argument instanceof ProcessNode ? { process: argument.process.name } : undefined;
}

/** One healthy replica needs no question. */
async function pickPlace({ live, app }: PickedApp): Promise<Place | undefined> {
  const { replicas, processes } = await live.api.apps.get.query({ name: app.name });
  const support = new Set(processes.filter(({ kind }) => kind === 'support').map(({ name }) => name));
  const healthy = replicas.filter(({ process, state }) => state === 'healthy' && !support.has(process));
  if (healthy.length === 0) {
    void window.showInformationMessage(
      l10n.t('No replica of {0} runs, so there is nothing to open a terminal in. Its logs tell why.', app.name),
    );
    return undefined;
  }
  const [only, ...others] = healthy.map(placeIn);
  if (others.length === 0) return only;
  const items = healthy.map((replica) => ({
    label: `${replica.process}${replica.replica === undefined ? '' : `.${replica.replica}`}`,
    description: `${replicaWords(replica)} · ${l10n.t('release {0}', replica.release)}`,
    replica,
  }));
  const chosen = await window.showQuickPick(items, { placeHolder: l10n.t('In which replica of {0}?', app.name) });
  return chosen && placeIn(chosen.replica);
}

function placeIn({ process, replica }: Replica): Place {
  return { process, replica };
}
