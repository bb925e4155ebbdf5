import type { ForwardTarget } from 'minicloud-shared/model/forward';
import { l10n, window } from 'vscode';
import type { PickedApp } from '../commands/pick.ts';
import { ProcessNode } from '../tree/process-node.ts';
import { RowNode } from '../tree/row-node.ts';
import { localPortFor, type PortPair, parsePorts } from './ports.ts';

export interface ChosenTarget extends PortPair {
  target: ForwardTarget;
  urlTemplate?: string | undefined;
}

/** The port that a command is about: the row's only one, or the one that is picked or typed. */
export async function pickTarget({ live, app }: PickedApp, argument: unknown): Promise<ChosenTarget | undefined> {
  const named = targetNameOf(argument);
  const all = await live.api.forwards.targets.query({ app: app.name });
  const targets = named === undefined ? all : all.filter(({ target }) => target === named);
  const known = targets.flatMap((target) => target.ports.map((port) => ({ target, ...port })));
  const [only, ...others] = known;
  const open = targets.filter(({ kind }) => kind !== 'service');
  if (named !== undefined && only && others.length === 0) return chosen(only);
  const items = [
    ...known.map((each) => ({
      label: `${each.target.target}:${each.port}`,
      description: each.urlTemplate.replace('{port}', String(localPortFor(each.port))),
      choose: async () => chosen(each),
    })),
    ...open.map((target) => ({
      label: l10n.t('{0}: another port…', target.target),
      description: '',
      choose: () => askPorts(target),
    })),
  ];
  if (items.length === 0) {
    void window.showInformationMessage(l10n.t('{0} has nothing that runs, so there is no port to forward.', app.name));
    return undefined;
  }
  const placeHolder = l10n.t('Forward which port of {0} to this machine?', app.name);
  return (await window.showQuickPick(items, { placeHolder }))?.choose();
}

/** The service that a command is about, for its URL. */
export async function serviceTarget({ live, app }: PickedApp, argument: unknown): Promise<ChosenTarget | undefined> {
  const named = targetNameOf(argument);
  const services = (await live.api.forwards.targets.query({ app: app.name })).filter(
    ({ kind, env, target }) => kind === 'service' && env !== undefined && (named === undefined || named === target),
  );
  const items = services.flatMap((target) =>
    target.ports.slice(0, 1).map((port) => ({ label: target.target, description: target.env, target, ...port })),
  );
  if (items.length === 0) {
    void window.showInformationMessage(l10n.t('{0} has no service with a URL of its own.', app.name));
    return undefined;
  }
  const picked =
    items.length === 1 ? items[0] : await window.showQuickPick(items, { placeHolder: l10n.t('Which service?') });
  return picked && chosen(picked);
}

function chosen({
  target,
  port,
  urlTemplate,
}: {
  target: ForwardTarget;
  port: number;
  urlTemplate: string;
}): ChosenTarget {
  return { target, targetPort: port, localPort: localPortFor(port), urlTemplate };
}

async function askPorts(target: ForwardTarget): Promise<ChosenTarget | undefined> {
  const typed = await window.showInputBox({
    title: l10n.t('Forward a port of {0}', target.target),
    prompt: l10n.t('The port there, or LOCAL:THERE to choose the port of this machine too'),
    placeHolder: '9229',
    validateInput: (text) =>
      parsePorts(text) ? undefined : l10n.t('A port from 1 to 65535, such as 9229, or two, such as 9000:9229'),
  });
  const ports = typed === undefined ? undefined : parsePorts(typed);
  return ports && { target, ...ports };
}

function targetNameOf(argument: unknown): string | undefined {
  if (argument instanceof ProcessNode) return argument.process.name;
  return argument instanceof RowNode && argument.row.facets.includes('binding') ? argument.row.label : undefined;
}
